/* The C library learns from large blocks that are freed: from then on it takes blocks of that size from its heap, where
 * what lies behind them keeps their room when they are gone. A list that grows makes one such block after another. With a
 * fixed limit they are mapped each by itself, and the kernel has them back at once. */
#include <malloc.h>

#ifdef __GLIBC__
__attribute__((constructor)) static void map_large_blocks(void) { mallopt(M_MMAP_THRESHOLD, 512 * 1024); }
#endif
