/* The registers that the firmware knows, as functions of the model (model.h). Fields are where
 * soc/link/frame_link.py and accel/accelerator.py have them. */
#pragma once

#include <stdint.h>

#define CSR_LINK_RX_STATUS_VALID_OFFSET      0
#define CSR_LINK_RX_STATUS_FIRST_OFFSET      1
#define CSR_LINK_RX_STATUS_LAST_OFFSET       2
#define CSR_LINK_TX_STATUS_ROOM_OFFSET       0
#define CSR_LINK_WINDOW_NUMBER_OFFSET        0
#define CSR_LINK_WINDOW_WRITABLE_OFFSET      8
#define CSR_LINK_MEMORY_STATUS_CLOSING_OFFSET 0
#define CSR_LINK_MEMORY_STATUS_SERVED_OFFSET 8
#define CSR_LINK_ACTIVITY_READY_OFFSET       0
#define CSR_LINK_ACTIVITY_BUSY_OFFSET        1

uint32_t link_rx_status_read(void);
uint32_t link_rx_word_read(void);
void link_rx_drop_write(uint32_t value);
uint64_t link_rx_way_read(void);
uint32_t link_tx_status_read(void);
void link_tx_way_write(uint64_t way);
void link_tx_word_write(uint32_t word);
void link_tx_last_write(uint32_t word);
void link_window_key_write(uint32_t value);
void link_window_base_write(uint32_t value);
void link_window_size_write(uint32_t value);
void link_window_write(uint32_t value);
uint32_t link_memory_status_read(void);
uint32_t link_lost_read(void);
uint32_t link_damaged_read(void);
void link_activity_write(uint32_t value);

void timer0_uptime_latch_write(uint32_t value);
uint64_t timer0_uptime_cycles_read(void);

/* -DBARE: a build without what can be left out. */
#ifndef BARE

#define CSR_ACCELERATOR_BASE                    0xF0000000u
#define CSR_ACCELERATOR_CONTROL_RESET_OFFSET    0
#define CSR_ACCELERATOR_STATUS_BUSY_OFFSET      0
#define CSR_ACCELERATOR_STATUS_MALFORMED_OFFSET 1

uint32_t accelerator_queue_level_read(void);
void accelerator_queue_write(uint32_t address);
uint32_t accelerator_completed_read(void);
uint32_t accelerator_status_read(void);
void accelerator_control_write(uint32_t value);

#define CSR_ANALYZER_BASE 0xF0000800u

uint32_t csr_read_simple(unsigned long address);
void csr_write_simple(uint32_t value, unsigned long address);

#define CSR_XADC_TEMPERATURE_ADDR 0xF0001000u

uint32_t xadc_temperature_read(void);

#endif
