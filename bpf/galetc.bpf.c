/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The replica's programs with the public side in TC (galelb_hook.h). */
#define GALE_PUBLIC_TC
#include "galelb.bpf.c"
