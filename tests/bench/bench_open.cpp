// How long a checkpoint takes to open: the listing reads the directory and the pickle, never a storage.

#include "checkpoint_file.h"
#include "formats/open_model.h"

#include <benchmark/benchmark.h>

#include <fstream>
#include <string>

#include <unistd.h>

using namespace quantscope;
using bench::CheckpointFile;

namespace {

double residentMegabytes()
{
    std::ifstream statm("/proc/self/statm");
    double total = 0, resident = 0;
    statm >> total >> resident;
    return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

void list(benchmark::State &state, const std::string &path)
{
    std::size_t tensors = 0;
    for (auto _ : state) {
        const auto file = openModel(path);
        if (!file)
            return state.SkipWithError(file.error().text().c_str());
        tensors = (*file)->tensors.size();
        state.PauseTiming();
        state.counters["resident_MB"] = residentMegabytes();
        state.ResumeTiming();
    }
    state.counters["tensors"] = static_cast<double>(tensors);
}

void listSample(benchmark::State &state) { list(state, QUANTSCOPE_SOURCE_DIR "/resources/samples/digits_fixed.pt"); }

void listGigabyte(benchmark::State &state)
{
    static const auto file = CheckpointFile::zeros(256, {1 << 20});
    list(state, file.path());
}

void listHundredThousand(benchmark::State &state)
{
    static const auto file = CheckpointFile::zeros(100'000, {16});
    list(state, file.path());
}

/// Every element of a 1 GB checkpoint as float32, through one reader a tensor.
void readGigabyte(benchmark::State &state)
{
    static const auto generated = CheckpointFile::zeros(256, {1 << 20});
    const auto file = openModel(generated.path());
    std::vector<float> chunk(1 << 16);
    for (auto _ : state)
        for (const TensorInfo &tensor : (*file)->tensors) {
            TensorReader reader(tensor);
            for (std::uint64_t at = 0; at < tensor.count(); at += chunk.size())
                reader.floats(at, chunk);
            benchmark::DoNotOptimize(chunk.data());
        }
    state.SetBytesProcessed(state.iterations() * (std::int64_t{1} << 30));
}

} // namespace

BENCHMARK(listSample)->Unit(benchmark::kMicrosecond);
BENCHMARK(listGigabyte)->Unit(benchmark::kMillisecond);
BENCHMARK(listHundredThousand)->Unit(benchmark::kMillisecond);
BENCHMARK(readGigabyte)->Unit(benchmark::kMillisecond);
