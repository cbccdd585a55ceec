// The quantizer lab: all candidates for one layer, one candidate while a type window is dragged, and a sweep over
// widths.
#include "dialects/interpret.h"
#include "lab/compare.h"
#include "lab/allocation.h"

#include <cstdio>
#include <random>
#include <unistd.h>

#include <benchmark/benchmark.h>

using namespace quantscope;

namespace {

/// A network of `layers` float weights of `count` elements each, in a file of the page cache.
class FloatNetwork {
public:
    FloatNetwork(std::size_t layers, std::int64_t rows, std::int64_t columns)
    {
        m_path = "/tmp/quantscope-lab-" + std::to_string(::getpid()) + "-" + std::to_string(rows);
        std::FILE *out = std::fopen(m_path.c_str(), "wb");
        std::mt19937 engine(3);
        std::normal_distribution<float> normal(0.0f, 0.05f);
        std::vector<float> values(static_cast<std::size_t>(rows * columns));
        for (std::size_t l = 0; l < layers; ++l) {
            for (float &v : values)
                v = normal(engine);
            std::fwrite(values.data(), sizeof(float), values.size(), out);
        }
        std::fclose(out);
        auto file = std::make_shared<ModelFile>();
        const auto source = *FileSource::open(m_path);
        for (std::size_t l = 0; l < layers; ++l) {
            TensorInfo tensor;
            tensor.name = "fc" + std::to_string(l) + ".weight";
            tensor.dtype = DType::Float32;
            tensor.shape = {rows, columns};
            tensor.storage = {source, l * values.size() * sizeof(float), values.size() * sizeof(float), false, 0};
            file->tensors.push_back(std::move(tensor));
            m_names.push_back("fc" + std::to_string(l));
        }
        file->buildIndex();
        m_network = *recoverQuantizers(file);
    }
    ~FloatNetwork() { ::unlink(m_path.c_str()); }
    const Network &network() const { return m_network; }
    const std::vector<std::string> &names() const { return m_names; }

private:
    std::string m_path;
    Network m_network;
    std::vector<std::string> m_names;
};

void wholeLab(benchmark::State &state)
{
    const FloatNetwork data(1, 1000, 1000);
    auto candidates = offeredCandidates(data.network().layers[0].slots[0]);
    for (int bits = 2; candidates.size() < 30; ++bits)
        candidates.push_back(*parseCandidate("Int8WeightPerTensorFloat,bit_width=" + std::to_string(bits)));
    for (auto _ : state)
        benchmark::DoNotOptimize(compareCandidates(
            data.network(), data.names(), candidates, {.slot = Slot::Weight, .hash = false, .skipUnavailable = true}));
    state.counters["candidates"] = static_cast<double>(candidates.size());
}

void oneDraggedType(benchmark::State &state)
{
    const FloatNetwork data(1, 1000, 1000);
    const std::vector<CandidateText> one = {*parseCandidate("ap_fixed<6,-1>")};
    for (auto _ : state)
        benchmark::DoNotOptimize(compareCandidates(data.network(), data.names(), one));
}

void sweep(benchmark::State &state)
{
    const FloatNetwork data(10, 1000, 1000);
    std::vector<CandidateText> families;
    for (const char *name : {"Int8WeightPerTensorFloat", "Int8WeightPerTensorFixedPoint", "Int8WeightPerChannelFloat",
             "ShiftedUint8WeightPerTensorFloat", "ShiftedUint8WeightPerChannelFloat", "torch_per_channel_affine"})
        families.push_back(*parseCandidate(name));
    const auto candidates = atWidths(families, 1, 16);
    for (auto _ : state) {
        const auto compared = compareCandidates(data.network(), data.names(), candidates);
        benchmark::DoNotOptimize(paretoFront(sweepPoints(*compared)));
    }
}

} // namespace

BENCHMARK(wholeLab)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(oneDraggedType)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(sweep)->Unit(benchmark::kMillisecond)->UseRealTime();
