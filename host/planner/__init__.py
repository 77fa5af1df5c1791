"""From a program to what one array runs: tap groups, packed weights, tiles, descriptors."""
