#pragma once

static inline int abs(int value)
{
	return value < 0 ? -value : value;
}
