// Running a network: against libtorch's interpreter on the same archive, and what another quantizer costs.
#include "dialects/interpret.h"
#include "formats/open_model.h"
#include "run/run_client.h"
#include "run/torch/run_engine.h"
#include "run/torch/tensor_values.h"

#include <cstdlib>
#include <stdexcept>

#include <c10/core/InferenceMode.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>

#include <benchmark/benchmark.h>

using namespace quantscope;

namespace {

const std::string kSamples = std::string(QUANTSCOPE_SOURCE_DIR) + "/resources/samples/";
const std::string kArchive = kSamples + "digits_float_qcdq.ts.pt";

template <class T> T required(Result<T> result)
{
    if (!result)
        throw std::runtime_error(result.error().text());
    return std::move(*result);
}

std::shared_ptr<const Network> networkOf(const std::string &path)
{
    return std::make_shared<const Network>(required(recoverQuantizers(required(openModel(path)))));
}

at::Tensor images()
{
    const auto file = required(openModel(kSamples + "digits_test.npz"));
    return tensorOf(file->tensors.at(file->find("images").value()));
}

/// At once, or where the graph fixes its batch to 1 as the pieces that run together.
void runAll(RunEngine &engine, const at::Tensor &data, bool atOnce)
{
    constexpr std::int64_t kTogether = 60;
    const std::int64_t step = atOnce ? data.size(0) : kTogether;
    for (std::int64_t i = 0; i < data.size(0); i += step) {
        const auto result = required(
            engine.runPieces({{data.narrow(0, i, step)}}, atOnce ? 1 : static_cast<std::size_t>(step), {}, {}));
        if (result.stopped)
            throw std::runtime_error(*result.stopped);
        benchmark::DoNotOptimize(result.outputs[0][0].data_ptr());
    }
}

/// That quantizer with 5 and 6 bits in turn, so that each run has another one.
class Exchange {
public:
    Exchange(const Network &network, std::size_t fromLast)
    {
        for (const Layer &layer : network.layers)
            for (const SlotQuantizer &slot : layer.slots)
                if (slot.tensor == nullptr && slot.quantizer && slot.quantizer->bitWidth && !slot.spans.empty())
                    m_found.push_back({{layer.id, slot.slot}, slot});
        m_choice = m_found.at(m_found.size() - 1 - fromLast);
    }
    void next(RunEngine &engine)
    {
        m_choice.second->quantizer->bitWidth = m_choice.second->quantizer->bitWidth == 5 ? 6 : 5;
        if (!engine.setQuantizers({m_choice}))
            throw std::runtime_error("the quantizer cannot be exchanged");
    }

private:
    std::vector<QuantizerChoice> m_found;
    QuantizerChoice m_choice;
};

void interpreter(benchmark::State &state)
{
    const c10::InferenceMode withoutGradients(true);
    torch::jit::Module module = torch::jit::load(kArchive);
    const at::Tensor data = images();
    for (int i = 0; i < 5; ++i) // it optimises what it has seen
        module.forward({data});
    for (auto _ : state)
        benchmark::DoNotOptimize(module.forward({data}).toTensor().data_ptr());
}
BENCHMARK(interpreter)->Unit(benchmark::kMillisecond);

void engineOnAll(benchmark::State &state)
{
    RunEngine engine = required(RunEngine::create(networkOf(kArchive)));
    engine.setMemoryLimit(0);
    const at::Tensor data = images();
    runAll(engine, data, true);
    for (auto _ : state)
        runAll(engine, data, true);
}
BENCHMARK(engineOnAll)->Unit(benchmark::kMillisecond);

/// Argument: how many quantizers of activations stand behind the one that changes.
void engineOnChange(benchmark::State &state, const std::string &path, bool atOnce)
{
    const auto network = networkOf(path);
    RunEngine engine = required(RunEngine::create(network));
    const at::Tensor data = images();
    Exchange exchange(*network, static_cast<std::size_t>(state.range(0)));
    runAll(engine, data, atOnce);
    for (auto _ : state) {
        exchange.next(engine);
        runAll(engine, data, atOnce);
    }
}
BENCHMARK_CAPTURE(engineOnChange, archive, kArchive, true)->DenseRange(0, 3)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(engineOnChange, onnxPieces, kSamples + "digits_fixed_qonnx.onnx", false)
    ->DenseRange(0, 3)
    ->Unit(benchmark::kMillisecond);

/// What the window waits for: another quantizer of a layer, its outputs, figures and accuracy from the helper program.
void candidateOnData(benchmark::State &state, const std::string &model, const std::string &layer)
{
    RunClient client(RunClientOptions{.program = QUANTSCOPE_RUN_PROGRAM});
    RunRequest request;
    request.model.path = kSamples + model;
    request.data = {kSamples + "digits_test.npz:images", kSamples + "digits_test.npz:labels", {}};
    request.outputs = true;
    required(client.run(request));
    bool isFirst = false;
    for (auto _ : state) {
        isFirst = !isFirst;
        request.with = {layer + (isFirst ? "=ap_fixed<5,0>" : "=ap_fixed<4,0>")};
        benchmark::DoNotOptimize(required(client.run(request)).correct);
    }
}

[[maybe_unused]] const bool kCandidates = [] {
    for (const char *model : {"digits_fixed_qonnx.onnx", "digits_float.pt"})
        for (const char *layer : {"conv1", "conv2", "fc1", "fc2"})
            benchmark::RegisterBenchmark(
                (std::string("candidateOnData/") + model + "/" + layer).c_str(), candidateOnData, model, layer)
                ->Unit(benchmark::kMillisecond)
                ->UseRealTime();
    return true;
}();

} // namespace
