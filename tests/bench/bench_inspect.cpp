// What a look at a 1 GB checkpoint costs (64 layers of 4 Mi weights), and an edit of one of its layers.

#include "checkpoint_file.h"
#include "checks/rule_table.h"
#include "dialects/brevitas/recipe_edits.h"
#include "open/open_network.h"
#include "report/inspect.h"

#include <benchmark/benchmark.h>

using namespace quantscope;
using bench::CheckpointFile;

namespace {

const CheckpointFile &gigabyte()
{
    static const CheckpointFile file = CheckpointFile::weights(64, {2048, 2048});
    return file;
}

std::shared_ptr<const Network> shared(Result<Network> network)
{
    return std::make_shared<const Network>(std::move(*network));
}

/// `quantscope inspect FILE`: scales from statistics, then codes, errors and checks of every layer.
void inspectGigabyte(benchmark::State &state)
{
    const std::string &path = gigabyte().path();
    for (auto _ : state)
        benchmark::DoNotOptimize(inspect(shared(openNetwork(path))));
    state.SetBytesProcessed(state.iterations() * (std::int64_t{1} << 30));
}

/// One layer's candidate applied: until network, statistics and problems are there again.
void applyCandidate(benchmark::State &state)
{
    const auto model = *OpenedModel::open(gigabyte().path(), {})->withExports();
    const auto network = shared(model.network());
    const Inspection before = *inspect(network);
    int bits = 3;
    for (auto _ : state) {
        bits = bits == 7 ? 4 : bits + 1;
        const Recipe recipe = withChoice(model.recipe(),
            {"layers.7", Slot::Weight, "Int8WeightPerTensorFixedPoint", {{"bit_width", std::to_string(bits)}}});
        const auto edited = shared(model.network(recipe, {}, network.get()));
        benchmark::DoNotOptimize(inspect(edited, {}, {}, &before));
    }
}

/// `quantscope check` of the sample, for every target one after the other: from its file to the findings.
void checkSample(benchmark::State &state)
{
    const std::string path = QUANTSCOPE_SOURCE_DIR "/resources/samples/digits_fixed.pt";
    for (auto _ : state) {
        const Inspection inspection = *inspect(shared(openNetwork(path)), {.channels = true});
        const Accumulators accumulators = *accumulatorsOf(*inspection.network);
        for (const std::string_view name : targetNames())
            benchmark::DoNotOptimize(check(inspection, targetFromName(name), &accumulators));
    }
}

/// Of a large checkpoint: what an inspection with every channel's figures costs, and the rules.
void checkGigabyte(benchmark::State &state)
{
    const std::string &path = gigabyte().path();
    for (auto _ : state) {
        const Inspection inspection = *inspect(shared(openNetwork(path)), {.channels = true});
        const Accumulators accumulators = *accumulatorsOf(*inspection.network);
        benchmark::DoNotOptimize(check(inspection, Target::Finn, &accumulators));
    }
    state.SetBytesProcessed(state.iterations() * (std::int64_t{1} << 30));
}

} // namespace

BENCHMARK(inspectGigabyte)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(applyCandidate)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(checkSample)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(checkGigabyte)->Unit(benchmark::kMillisecond)->UseRealTime();
