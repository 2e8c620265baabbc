#pragma once

/// Compiles a function once for each of these instruction sets; the loader takes the best that the
/// processor has. Not under ThreadSanitizer, which would be called before it is there.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TESSERA_TARGET_CLONES(...)
#endif
#endif
#ifndef TESSERA_TARGET_CLONES
#define TESSERA_TARGET_CLONES(...) __attribute__((target_clones(__VA_ARGS__)))
#endif
