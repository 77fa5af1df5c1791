#pragma once

#define FIRMWARE_VERSION "0.1.0"
