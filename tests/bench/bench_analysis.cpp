// Throughput of what one look at a weight tensor costs: scale from statistics, then codes, error and histograms.
#include "analysis/analyse.h"
#include "analysis/statistics.h"
#include "dialects/brevitas/spec.h"
#include "dialects/brevitas/weight_statistics.h"
#include "quant/code_reader.h"

#include <cstdio>
#include <random>
#include <unistd.h>

#include <benchmark/benchmark.h>

using namespace quantscope;

namespace {

constexpr std::int64_t kRows = 4096;
constexpr std::int64_t kColumns = 16384; // 256 MB of float32

/// A weight-like tensor in a file of the page cache; removed at exit.
class WeightFile {
public:
    WeightFile()
    {
        m_path = "/tmp/quantscope-bench-" + std::to_string(::getpid());
        std::FILE *out = std::fopen(m_path.c_str(), "wb");
        std::mt19937 engine(1);
        std::normal_distribution<float> normal(0.0f, 0.05f);
        std::vector<float> row(kColumns);
        for (float &v : row)
            v = normal(engine);
        for (std::int64_t r = 0; r < kRows; ++r) {
            row[static_cast<std::size_t>(r) % row.size()] = normal(engine);
            std::fwrite(row.data(), sizeof(float), row.size(), out);
        }
        std::fclose(out);
        m_source = *FileSource::open(m_path);
    }
    ~WeightFile() { ::unlink(m_path.c_str()); }

    SlotQuantizer slot() const
    {
        auto tensor = std::make_shared<TensorInfo>();
        tensor->name = "weight";
        tensor->dtype = DType::Float32;
        tensor->shape = {kRows, kColumns};
        tensor->storage = {m_source, 0, m_source->size(), false, 0};
        SlotQuantizer out;
        out.slot = Slot::Weight;
        out.tensorName = tensor->name;
        out.shape = tensor->shape;
        out.tensor = tensor;
        return out;
    }
    std::uint64_t bytes() const { return m_source->size(); }

private:
    std::string m_path;
    std::shared_ptr<const FileSource> m_source;
};

const WeightFile &weights()
{
    static const WeightFile file;
    return file;
}

Quantizer int8(const SlotQuantizer &slot, bool perChannel)
{
    SlotSettings settings;
    settings.preset = perChannel ? "Int8WeightPerChannelFloat" : "Int8WeightPerTensorFloat";
    const QuantizerSpec spec = *makeSpec(settings, kDefaultVersion);
    const StatisticInput input{slot.tensor.get(), 0};
    Quantizer q;
    q.bitWidth = 8;
    q.isSigned = true;
    q.narrow = true;
    Granular scale;
    for (const float statistic : weightStatistic(std::span(&input, 1), spec, perChannel).values)
        scale.values.push_back(statistic / 127.0f);
    if (perChannel) {
        scale.shape = {kRows, 1};
        scale.axis = 0;
    }
    q.scale = scale;
    q.zeroPoint = Granular{{}, {}, {0.0f}};
    return q;
}

void scaleOnly(benchmark::State &state)
{
    const SlotQuantizer slot = weights().slot();
    for (auto _ : state)
        benchmark::DoNotOptimize(int8(slot, state.range(0) != 0));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(weights().bytes()));
}

/// abs-max, scale, codes, error, histograms: two passes over the bytes; the rate counts them once.
void scaleAndStatistics(benchmark::State &state)
{
    for (auto _ : state) {
        SlotQuantizer slot = weights().slot();
        slot.quantizer = int8(slot, state.range(0) != 0);
        benchmark::DoNotOptimize(analyse(slot, {.hash = state.range(1) != 0}));
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(weights().bytes()));
}

void codesOnly(benchmark::State &state)
{
    SlotQuantizer slot = weights().slot();
    slot.quantizer = int8(slot, false);
    CodeReader reader(slot);
    std::vector<float> chunk(1 << 14);
    for (auto _ : state)
        for (std::uint64_t at = 0; at < reader.count(); at += chunk.size())
            reader.codes(at, chunk);
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(weights().bytes()));
}

} // namespace

BENCHMARK(scaleOnly)->ArgName("channels")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);
BENCHMARK(codesOnly)->Unit(benchmark::kMillisecond);
BENCHMARK(scaleAndStatistics)
    ->ArgNames({"channels", "hash"})
    ->Args({0, 0})
    ->Args({1, 0})
    ->Args({0, 1})
    ->Unit(benchmark::kMillisecond);
