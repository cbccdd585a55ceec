#pragma once

#include <cstdint>

#include <sys/resource.h>

namespace quantscope::test {

/// Files of this many bytes may be written here; where they may not, the attempt would end the test by a signal.
inline bool mayWrite(std::uint64_t bytes)
{
    rlimit limit{};
    return getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || bytes <= limit.rlim_cur;
}

} // namespace quantscope::test
