/* Linked after the driver: where its own data ends. */
char hp_data_end[64] __attribute__((aligned(64))) = { 1 };
char hp_bss_end[64] __attribute__((aligned(64)));
