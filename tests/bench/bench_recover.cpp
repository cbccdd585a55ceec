// What the quantizers of a checkpoint cost: all of them in one pass over the bytes, and one after its recipe changed.

#include "dialects/brevitas/recipe_edits.h"
#include "dialects/interpret.h"
#include "network/network.h"

#include <benchmark/benchmark.h>

#include <cstring>

#include <fmt/format.h>

using namespace quantscope;

namespace {

constexpr std::int64_t kRows = 2048, kColumns = 2048; // 4 Mi weights a layer

/// `layers` float weights that share the bytes of one, so that memory does not limit how many there are.
std::shared_ptr<const ModelFile> network(int layers)
{
    std::vector<float> weights(static_cast<std::size_t>(kRows * kColumns));
    std::uint32_t state = 1;
    for (float &w : weights) {
        state = state * 1664525u + 1013904223u;
        w = static_cast<float>(static_cast<std::int32_t>(state)) * 0x1p-33f;
    }
    std::vector<std::byte> bytes(weights.size() * sizeof(float));
    std::memcpy(bytes.data(), weights.data(), bytes.size());
    const auto source = std::make_shared<MemorySource>(std::move(bytes));
    auto file = std::make_shared<ModelFile>();
    file->path = "bench.pt";
    file->format = "pytorch-checkpoint";
    for (int i = 0; i < layers; ++i) {
        TensorInfo &tensor = file->tensors.emplace_back();
        tensor.name = fmt::format("layers.{}.weight", i);
        tensor.dtype = DType::Float32;
        tensor.shape = {kRows, kColumns};
        tensor.storage = {source, 0, weights.size() * sizeof(float), false, 0};
    }
    file->buildIndex();
    return file;
}

Recipe recipeOf(const char *preset) { return withChoice({}, {"*", Slot::Weight, preset, {}}); }

void recoverAll(benchmark::State &state, const char *preset)
{
    const auto file = network(16);
    for (auto _ : state)
        benchmark::DoNotOptimize(recoverQuantizers(file, recipeOf(preset)));
    state.SetBytesProcessed(state.iterations() * 16 * kRows * kColumns * 4);
}

/// The window's answer to another preset or keyword: one layer of 64 is computed again.
void changeOne(benchmark::State &state, const char *preset)
{
    const auto file = network(64);
    const Recipe before = recipeOf("Int8WeightPerTensorFloat");
    const auto previous = recoverQuantizers(file, before);
    const Recipe after = withChoice(before, {"layers.7", Slot::Weight, preset, {{"bit_width", "4"}}});
    RecoverHints hints;
    hints.previous = &*previous;
    for (auto _ : state)
        benchmark::DoNotOptimize(recoverQuantizers(file, after, {}, hints));
}

} // namespace

BENCHMARK_CAPTURE(recoverAll, per_tensor, "Int8WeightPerTensorFloat")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(recoverAll, per_channel, "Int8WeightPerChannelFloat")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(recoverAll, fixed_point, "Int8WeightPerTensorFixedPoint")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(changeOne, per_tensor, "Int8WeightPerTensorFloat")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(changeOne, per_channel, "Int8WeightPerChannelFloat")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(changeOne, fixed_point, "Int8WeightPerTensorFixedPoint")->Unit(benchmark::kMillisecond);
