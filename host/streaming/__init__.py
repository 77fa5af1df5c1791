"""Many pictures, one after the other: `litelic stream`."""
