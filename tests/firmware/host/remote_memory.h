/* Frames as they are in datagrams, and the requests that hardware answers without the CPU. */
#pragma once

#include "model.h"

#define MAX_DATAGRAM (4 * (MAX_WORDS + 2))

/* As soc/link/frame_store.py: the frame in a datagram, if both CRCs are right. What is behind it
 * does not count. */
bool frame_from(struct words *frame, const uint8_t *datagram, size_t size);

/* As soc/link/encoder.py: with its CRCs; returns the bytes. */
size_t frame_to(uint8_t datagram[MAX_DATAGRAM], const struct words *frame);

/* As soc/link/remote_memory.py: does what a WRITE or READ asks for and makes its answer, or returns
 * false and leaves in `request` what the CPU gets. */
bool remote_memory(uint8_t *dram, struct words *request, struct words *answer);
