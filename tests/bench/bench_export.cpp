#include "export/export.h"
#include "export/writers/header_writer.h"

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstring>
#include <filesystem>

using namespace quantscope;

namespace {

constexpr std::int64_t kOut = 2048, kIn = 543, kKernel = 9; ///< 10 million weights

/// Counts what it is given; the disk is not measured.
class NullSink final : public TextSink {
public:
    void write(std::string_view text) override { bytes += text.size(); }
    std::uint64_t bytes = 0;
};

/// A float32 tensor whose codes spread over the whole word, as a state_dict has it.
SlotQuantizer weights(int bits)
{
    const std::size_t count = kOut * kIn * kKernel;
    std::vector<std::byte> bytes(count * sizeof(float));
    std::uint32_t random = 1;
    for (std::size_t i = 0; i < count; ++i) {
        random = random * 1664525u + 1013904223u;
        const float value = static_cast<float>(static_cast<std::int32_t>(random)) * 0x1p-31f;
        std::memcpy(bytes.data() + i * sizeof(float), &value, sizeof value);
    }
    auto tensor = std::make_shared<TensorInfo>();
    tensor->dtype = DType::Float32;
    tensor->shape = {kOut, kIn, 3, 3};
    tensor->storage.bytes = bytes.size();
    tensor->storage.source = std::make_shared<MemorySource>(std::move(bytes));
    SlotQuantizer slot;
    slot.slot = Slot::Weight;
    slot.shape = tensor->shape;
    slot.tensor = tensor;
    Quantizer quantizer;
    quantizer.bitWidth = bits;
    quantizer.isSigned = true;
    quantizer.scale = Granular{{}, std::nullopt, {std::ldexp(1.0f, 1 - bits)}};
    quantizer.zeroPoint = Granular{{}, std::nullopt, {0}};
    slot.quantizer = quantizer;
    return slot;
}

Network networkOf(int bits)
{
    Network network;
    network.file = std::make_shared<ModelFile>();
    network.layers.resize(1);
    network.layers[0].name = "conv";
    network.layers[0].kind = "Conv2d";
    network.layers[0].slots = {weights(bits)};
    return network;
}

constexpr const char *kLayouts[] = {"source", "ohwi", "hwio"};

ExportRequest requestFor(const benchmark::State &state)
{
    ExportRequest request;
    request.formats = {"header"};
    request.layout = kLayouts[state.range(1)];
    request.folder = (std::filesystem::temp_directory_path() / "quantscope-bench-export").string();
    return request;
}

/// The writer alone: codes to text.
void headerWriter(benchmark::State &state)
{
    const Network network = networkOf(static_cast<int>(state.range(0)));
    const auto plan = planExport(network, requestFor(state));
    std::uint64_t bytes = 0;
    for (auto _ : state) {
        NullSink sink;
        writeHeader(plan->files[0], {}, sink);
        bytes = sink.bytes;
    }
    state.SetLabel(kLayouts[state.range(1)]);
    state.counters["codes/s"] = benchmark::Counter(
        static_cast<double>(plan->files[0].count()), benchmark::Counter::kIsIterationInvariantRate);
    state.counters["bytes/code"] = static_cast<double>(bytes) / static_cast<double>(plan->files[0].count());
}

/// Everything that a person waits for, without the proof: codes, hashes, files.
void wholeExport(benchmark::State &state)
{
    const Network network = networkOf(static_cast<int>(state.range(0)));
    const ExportRequest request = requestFor(state);
    for (auto _ : state)
        if (!exportLayers(network, request))
            state.SkipWithError("the export failed");
    state.SetLabel(kLayouts[state.range(1)]);
    state.counters["codes/s"]
        = benchmark::Counter(static_cast<double>(kOut * kIn * kKernel), benchmark::Counter::kIsIterationInvariantRate);
    std::filesystem::remove_all(request.folder);
}

void preview(benchmark::State &state)
{
    const Network network = networkOf(static_cast<int>(state.range(0)));
    const ExportRequest request = requestFor(state);
    for (auto _ : state)
        benchmark::DoNotOptimize(previewExport(network, request, 80));
    state.SetLabel(kLayouts[state.range(1)]);
}

} // namespace

BENCHMARK(headerWriter)->ArgsProduct({{4, 8, 16}, {0, 1, 2}})->Unit(benchmark::kMillisecond);
BENCHMARK(wholeExport)->ArgsProduct({{8}, {0, 1, 2}})->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(preview)->ArgsProduct({{8}, {0, 2}})->Unit(benchmark::kMicrosecond);
