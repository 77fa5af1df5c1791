"""Rate and distortion of models and other codecs over a folder of pictures (`litelic evaluate`)."""
