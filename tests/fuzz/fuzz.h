/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz.h - what every target of libFuzzer defines: one input, no opinion but
 * by INVARIANT(), which crashes (crash.c).
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include "base/compiler.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
