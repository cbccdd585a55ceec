#include "run/torch/tensor_memory.h"

#include <atomic>
#include <cstdlib>
#include <new>

#include <c10/core/CPUAllocator.h>
#include <malloc.h>
#include <unistd.h>

namespace quantscope {

namespace {

std::atomic<std::uint64_t> memoryHeld = 0, memoryLimit = 0;

void releaseMemory(void *memory)
{
    if (memory == nullptr)
        return;
    memoryHeld -= malloc_usable_size(memory);
    std::free(memory);
}

/// As libtorch's own, which has no limit, gets its memory.
class BoundedAllocator final : public c10::Allocator {
public:
    c10::DataPtr allocate(std::size_t bytes) const override
    {
        constexpr std::size_t kAlignment = 64;
        void *memory = nullptr;
        if (bytes > 0) {
            const std::uint64_t held = memoryHeld;
            if (bytes > memoryLimit || held > memoryLimit - bytes || posix_memalign(&memory, kAlignment, bytes) != 0)
                throw std::bad_alloc();
            memoryHeld += malloc_usable_size(memory);
        }
        return {memory, memory, &releaseMemory, c10::Device(c10::DeviceType::CPU)};
    }
    c10::DeleterFnPtr raw_deleter() const override { return &releaseMemory; }
};

std::uint64_t machineMemory()
{
    return static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(sysconf(_SC_PAGE_SIZE));
}

} // namespace

void limitTensorMemory(std::uint64_t bytes)
{
    if (bytes != 0 || memoryLimit == 0)
        memoryLimit = bytes != 0 ? bytes : machineMemory() / 4 * 3;
    static const bool isSet = [] {
        constexpr std::uint8_t kBeforeAllOthers = 255;
        c10::SetCPUAllocator(new BoundedAllocator, kBeforeAllOthers); // libtorch keeps it for good
        return true;
    }();
    static_cast<void>(isSet);
}

std::uint64_t tensorMemory() { return memoryHeld; }

} // namespace quantscope
