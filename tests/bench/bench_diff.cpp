// What it costs to compare two checkpoints of 1 GB (64 layers of 4 Mi weights), and to bound the sums of one.

#include "checkpoint_file.h"
#include "checks/accumulators.h"
#include "diff/diff.h"
#include "open/open_network.h"

#include <benchmark/benchmark.h>

#include <sys/resource.h>

using namespace quantscope;
using bench::CheckpointFile;

namespace {

const CheckpointFile &gigabyte(std::uint32_t seed)
{
    static const CheckpointFile first = CheckpointFile::weights(64, {2048, 2048}, 1),
                                second = CheckpointFile::weights(64, {2048, 2048}, 2);
    return seed == 1 ? first : second;
}

void countBoth(benchmark::State &state)
{
    state.SetBytesProcessed(state.iterations() * (std::int64_t{2} << 30));
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    state.counters["peak_MB"] = static_cast<double>(usage.ru_maxrss) / 1024;
}

/// Two trainings: nearly every code differs. The argument is the seed of the second; 1 is the same file again.
void diffOpened(benchmark::State &state)
{
    const auto a = openNetwork(gigabyte(1).path()),
               b = openNetwork(gigabyte(static_cast<std::uint32_t>(state.range(0))).path());
    for (auto _ : state)
        benchmark::DoNotOptimize(diffOf(*a, *b));
    countBoth(state);
}

/// `quantscope diff A B`, with the scales of both from statistics.
void diffFiles(benchmark::State &state)
{
    for (auto _ : state) {
        const auto a = openNetwork(gigabyte(1).path()), b = openNetwork(gigabyte(2).path());
        benchmark::DoNotOptimize(diffOf(*a, *b));
    }
    countBoth(state);
}

void accumulatorsOfGigabyte(benchmark::State &state)
{
    auto network = openNetwork(gigabyte(1).path());
    SlotQuantizer input;
    input.slot = Slot::Input;
    input.quantizer = network->layers.front().slot(Slot::Weight)->quantizer;
    for (Layer &layer : network->layers)
        layer.slots.push_back(input);
    for (auto _ : state)
        benchmark::DoNotOptimize(accumulatorsOf(*network));
    state.SetBytesProcessed(state.iterations() * (std::int64_t{1} << 30));
}

} // namespace

BENCHMARK(diffOpened)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime()->MeasureProcessCPUTime();
BENCHMARK(diffFiles)->Unit(benchmark::kMillisecond)->UseRealTime()->MeasureProcessCPUTime();
BENCHMARK(accumulatorsOfGigabyte)->Unit(benchmark::kMillisecond)->UseRealTime()->MeasureProcessCPUTime();
