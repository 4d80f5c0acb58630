/*
 * The part of the kernel's interface that a virtio-balloon driver uses or may use, from Linux 5.0 on: one header for all.
 *
 * Every header that the driver includes is a generated file that includes this one. The effect of a call is in the C
 * files beside it. Both old and new names are here where the interface changed; nothing is copied from a kernel.
 */
#ifndef HINTPROOF_KERNEL_H
#define HINTPROOF_KERNEL_H

#include "virtio.h"

#endif
