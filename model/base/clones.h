#pragma once

// One source, one result: run-time dispatch only picks wider registers. Contraction is off for the whole project, so
// every clone gives the same bits. Sanitizers instrument the resolver, which runs before they are ready: no clones
// there.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define QUANTSCOPE_CLONES __attribute__((target_clones("default", "avx2", "arch=x86-64-v4")))
#else
#define QUANTSCOPE_CLONES
#endif
