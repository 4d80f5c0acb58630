/* Linked before the driver: where its own data begins. */
char hp_data_begin[64] __attribute__((aligned(64))) = { 1 };
char hp_bss_begin[64] __attribute__((aligned(64)));
