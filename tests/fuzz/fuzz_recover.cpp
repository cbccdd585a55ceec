// libFuzzer: what recovery and every view do with a file that opens. Build with the preset `fuzz`, then
//   build/fuzz/bin/fuzz_recover -max_len=65536 CORPUS tests/data/brevitas/0.10.2 tests/data/onnx

#include "analysis/analyse.h"
#include "analysis/statistics.h"
#include "dialects/brevitas/recipe_writer.h"
#include "dialects/interpret.h"
#include "network/network.h"
#include "touch_model.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    using namespace quantscope;
    const auto *begin = reinterpret_cast<const std::byte *>(data);
    const auto source = std::make_shared<MemorySource>(std::vector<std::byte>(begin, begin + size));
    const auto file = openModel(source, "input", fuzz::smallLimits());
    if (!file)
        return 0;
    const auto network = recoverQuantizers(*file);
    if (!network)
        return 0;
    for (const Layer &layer : network->layers)
        for (const SlotQuantizer &slot : layer.slots)
            if (slot.quantizer && slot.quantizer->isComplete() && slot.tensor && slot.tensor->count() < (1u << 16))
                (void)analyse(slot, {.hash = true, .channels = true});
    (void)recipeToml(*network);
    return 0;
}
