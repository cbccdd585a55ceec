#include "run/torch/run_pass.h"

#include "base/text.h"
#include "run/largest_value.h"
#include "run/torch/lane_values.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::chrono::milliseconds kBetweenTellings{30};
constexpr std::uint64_t kArrayElements = 4ull << 20; ///< 16 MiB a frame

std::span<const float> valuesOfTensor(const at::Tensor &tensor)
{
    return {tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}

at::Tensor asFloats(const at::Tensor &tensor)
{
    return (tensor.is_quantized() ? tensor.dequantize() : tensor).to(at::kFloat).contiguous();
}

Shape shapeOf(const at::Tensor &tensor) { return {tensor.sizes().begin(), tensor.sizes().end()}; }

/// Of images the second axis, of rows of a matrix product the last.
std::optional<std::size_t> channelAxisOf(const Layer &layer, const Shape &shape)
{
    if (shape.size() == 2 || shape.size() >= 4)
        return 1;
    if (shape.size() == 3)
        return layer.kind.starts_with("Conv") ? 1
            : layer.kind == "Linear"          ? std::optional<std::size_t>(2)
                                              : std::nullopt;
    return std::nullopt;
}

/// The codes that an operator made within itself.
void takeCodes(FlowFigures &figures, const at::Tensor &made, const Quantizer *quantizer)
{
    FlowFigures own = measureFlow(valuesOfTensor(made), shapeOf(made), quantizer);
    figures.low = own.low;
    figures.high = own.high;
    figures.sum = own.sum;
    figures.squares = own.squares;
    figures.finite = own.finite;
    figures.seen.codesMin = own.seen.codesMin;
    figures.seen.codesMax = own.seen.codesMax;
    figures.seen.atLimit = own.seen.atLimit;
    figures.seen.codes = std::move(own.seen.codes);
}

/// The larger, the later in its layer.
int depthOf(std::optional<Slot> slot)
{
    if (!slot)
        return 1;
    switch (*slot) {
    case Slot::Output:
    case Slot::Act:
    case Slot::Trunc: return 2;
    default: return 0;
    }
}

} // namespace

at::Tensor firstSamples(const at::Tensor &tensor, std::uint64_t count, std::uint64_t batch)
{
    if (count == batch || tensor.dim() == 0 || tensor.size(0) % static_cast<std::int64_t>(batch) != 0)
        return tensor;
    const std::int64_t each = tensor.size(0) / static_cast<std::int64_t>(batch);
    return tensor.narrow(0, 0, each * static_cast<std::int64_t>(count)).contiguous();
}

std::shared_ptr<const void> RunPass::observe(const Observation &seen, const PieceOfSamples &samples)
{
    const std::uint64_t count = samples.count, batch = samples.batch;
    const at::Tensor input = firstSamples(asFloats(seen.input), count, batch);
    const Shape shape = shapeOf(input);
    const Layer &layer = m_model.graph()->layer(seen.layer);
    if (m_message.layerOutputs) {
        const int depth = depthOf(seen.slot);
        const auto found = m_leaving.find(seen.layer);
        if (depth > 0 && (found == m_leaving.end() || found->second.first < depth))
            m_leaving[seen.layer] = {depth, firstSamples(asFloats(seen.output), count, batch)};
    }
    auto figures = std::make_shared<FlowFigures>(
        measureFlow(valuesOfTensor(input), shape, seen.quantizer, channelAxisOf(layer, shape), m_message.magnitudes));
    if (seen.isRounded) // within an operator: what was clipped and what became 0 is not seen
        figures->seen.clipped.reset();
    if (seen.isWithin && figures->hasCodes)
        takeCodes(*figures, firstSamples(asFloats(seen.output), count, batch), seen.quantizer);
    if (seen.earlier != nullptr) {
        auto both = std::make_shared<FlowFigures>(*static_cast<const FlowFigures *>(seen.earlier.get()));
        both->add(*figures);
        return both;
    }
    return figures;
}

bool RunPass::step(const PieceOfSamples &samples, std::size_t done, std::size_t total)
{
    if (m_listener.isCancelled())
        return true;
    const auto now = std::chrono::steady_clock::now();
    if (now - m_told < kBetweenTellings)
        return false;
    m_told = now;
    m_listener.progress(samples.begin * total + samples.count * done, m_result.samples * total);
    return false;
}

Result<void> RunPass::pieces(RunEngine &engine, const std::vector<at::Tensor> &inputs, const PieceOfSamples &samples)
{
    m_leaving.clear();
    const std::uint64_t copies = samples.batch - samples.count; // equal to others that are all samples
    const auto made = engine.runPieces(
        inputs, samples.pieces, [&](const Observation &seen) { return observe(seen, samples); },
        [&](std::size_t done, std::size_t total) { return step(samples, done, total); }, copies);
    if (!made)
        return tl::unexpected(made.error());
    addObserved(made->observed);
    if (made->stopped) {
        m_result.stopped = made->stopped;
        m_result.samples = samples.begin + samples.count;
        m_result.outputs.clear();
        m_result.correct.reset();
        return {};
    }
    if (auto taken = takeOutputs(engine, *made, samples); !taken)
        return taken;
    sendLayers();
    return {};
}

/// Of pieces whose outputs all count samples, together.
Result<void> RunPass::takeOutputs(RunEngine &engine, const PiecesResult &made, const PieceOfSamples &samples)
{
    const std::uint64_t batch = samples.batch / samples.pieces;
    const std::size_t outputs = made.outputs.front().size();
    std::vector<std::vector<at::Tensor>> joined(outputs);
    for (std::size_t i = 0; i < outputs; ++i) {
        for (const std::vector<at::Tensor> &piece : made.outputs)
            joined[i].push_back(asFloats(piece[i]));
        const bool counts
            = joined[i].front().dim() > 0 && joined[i].front().size(0) == static_cast<std::int64_t>(batch);
        if (auto all = counts ? joinedPieces(joined[i]) : std::nullopt)
            joined[i] = {std::move(*all)};
    }
    for (std::size_t i = 0; i < outputs; ++i) {
        const std::size_t pieces = joined[i].size();
        for (std::size_t at = 0; at < pieces; ++at) {
            const PieceOfSamples own
                = pieces == 1 ? samples : PieceOfSamples{samples.begin + at * batch, batch, batch, 1};
            if (auto wrong = takeOutput(i, engine.outputNames()[i], std::move(joined[i][at]), own))
                return tl::unexpected(std::move(*wrong));
        }
    }
    return {};
}

void RunPass::addObserved(const std::vector<Observed> &observed)
{
    for (const Observed &one : observed) {
        const auto *figures = static_cast<const FlowFigures *>(one.figures.get());
        if (figures == nullptr)
            continue;
        const auto [found, isNew] = m_flows.try_emplace(Place(one.layer, one.slot), m_result.layers.size());
        if (isNew)
            m_result.layers.push_back(
                {m_model.graph()->layer(one.layer).name, m_model.shownLayer(one.layer), one.slot, {}});
        m_result.layers[found->second].figures.add(*figures);
    }
}

/// Which outputs count samples, the first piece tells.
std::optional<Error> RunPass::takeOutput(
    std::size_t position, const std::string &name, at::Tensor output, const PieceOfSamples &piece)
{
    const bool isFirst = position == m_result.outputs.size(), isAll = piece.count == m_result.samples;
    if (piece.batch == 1 && !isAll && (output.dim() == 0 || output.size(0) != 1) && position == 0)
        output = output.unsqueeze(0);
    const bool counts = output.dim() > 0 && output.size(0) == static_cast<std::int64_t>(piece.batch);
    if (position == 0 && !counts && !isAll)
        return Error{ErrorKind::Usage, m_model.graph()->file->path, std::nullopt,
            fmt::format("output \"{}\" has shape {} for {} samples: its first axis does not count them",
                printable(name), shapeText(shapeOf(output)), piece.batch)};
    if (isFirst) {
        m_result.outputs.push_back({name, shapeOf(output), {}});
        m_counts.push_back(counts);
        if (!counts && !isAll)
            m_result.notes.push_back(
                fmt::format("output \"{}\" does not count samples: it is given as the first piece of data has it",
                    printable(name)));
    } else if (!m_counts[position]) {
        return std::nullopt;
    }
    const at::Tensor rows = counts ? firstSamples(output, piece.count, piece.batch) : output;
    if (!isFirst)
        addRows(m_result.outputs[position], shapeOf(rows));
    else if (counts)
        m_result.outputs[position].shape.front() = rows.size(0);
    if (position == 0 && counts) {
        if (auto wrong = countCorrect(rows, piece.begin))
            return wrong;
    } else if (position == 0) {
        m_hasClasses = false;
    }
    const auto named = std::ranges::find(m_result.outputs, name, &RunOutput::name);
    const bool isSentAlready = static_cast<std::size_t>(named - m_result.outputs.begin()) < position;
    if (m_message.outputs && !isSentAlready)
        m_listener.array(name, shapeOf(rows), valuesOfTensor(rows.contiguous()));
    return std::nullopt;
}

void RunPass::addRows(RunOutput &all, const Shape &shape)
{
    if (shape.size() != all.shape.size() || !std::equal(shape.begin() + 1, shape.end(), all.shape.begin() + 1))
        throw ParseError(fmt::format("output \"{}\" has shape {} for some samples and {} for others",
            printable(all.name), shapeText(std::span(all.shape).subspan(1)), shapeText(std::span(shape).subspan(1))));
    all.shape.front() += shape.front();
}

std::optional<Error> RunPass::countCorrect(const at::Tensor &output, std::uint64_t begin)
{
    m_hasClasses = m_hasClasses && output.dim() == 2 && output.size(1) > 0;
    const std::vector<std::int64_t> &labels = m_inputs.labels();
    if (labels.empty() || !m_hasClasses)
        return std::nullopt;
    const auto values = valuesOfTensor(output);
    const auto classes = static_cast<std::size_t>(output.size(1));
    std::uint64_t correct = m_result.correct.value_or(0);
    for (std::size_t i = 0; i < values.size() / classes; ++i) {
        const std::int64_t label = labels[begin + i];
        if (label >= static_cast<std::int64_t>(classes))
            return Error{ErrorKind::Parse, m_inputs.labelsPath(), std::nullopt,
                fmt::format("label {} of sample {} is none of the {} classes of output \"{}\"", label, begin + i,
                    classes, printable(m_result.outputs.front().name))};
        const auto row = values.subspan(i * classes, classes);
        correct += placeOfLargest(row) == static_cast<std::size_t>(label) ? 1u : 0u;
    }
    m_result.correct = correct;
    return std::nullopt;
}

void RunPass::sendLayers()
{
    for (const Layer &layer : m_model.graph()->layers)
        if (const auto found = m_leaving.find(layer.id); found != m_leaving.end()) {
            const at::Tensor &tensor = found->second.second;
            m_listener.array("layer/" + layer.name, shapeOf(tensor), valuesOfTensor(tensor));
        }
}

RunResult RunPass::result()
{
    if (!m_hasClasses)
        m_result.correct.reset();
    for (LayerFlow &flow : m_result.layers)
        flow.figures.wholeCodes();
    return std::move(m_result);
}

} // namespace quantscope
