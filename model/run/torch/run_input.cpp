#include "run/torch/run_input.h"

#include "base/text.h"
#include "formats/onnx/input_types.h"
#include "run/torch/tensor_values.h"

#include <algorithm>
#include <cstring>

#include <ATen/ops/empty.h>
#include <fmt/format.h>

namespace quantscope {

namespace {

/// Elements of an input that run at once: their activations stay small beside what is kept.
constexpr std::uint64_t kElementsAtOnce = 1ull << 20;
constexpr std::uint64_t kMostAtOnce = 64;

tl::unexpected<Error> wrongData(const std::string &path, std::string message)
{
    return tl::unexpected(Error{ErrorKind::Usage, path, std::nullopt, std::move(message)});
}

Shape withoutOnes(std::span<const std::int64_t> shape)
{
    Shape out(shape.begin(), shape.end());
    std::erase(out, 1);
    return out;
}

/// The shape of a sample as the graph takes it; nothing when the data do not fit. Axes of length 1 may be missing.
std::optional<Shape> sampleShape(const Shape &data, const std::optional<Shape> &wanted)
{
    const Shape own(data.begin() + 1, data.end());
    if (!wanted || wanted->empty())
        return own;
    const Shape asked(wanted->begin() + 1, wanted->end());
    const auto fits = [](std::int64_t a, std::int64_t b) { return b < 0 || a == b; };
    if (own.size() == asked.size() && std::ranges::equal(own, asked, fits))
        return own;
    const bool isOpen = std::ranges::any_of(asked, [](std::int64_t axis) { return axis < 0; });
    return !isOpen && withoutOnes(own) == withoutOnes(asked) ? std::optional(asked) : std::nullopt;
}

/// Where the file does not say it, an input that something looks vectors up by is a number of them.
DType inputType(const Graph &graph, ValueId input, const InputType &told, DType data)
{
    if (told.dtype != DType::Unknown)
        return told.dtype;
    const auto &readers = graph.values[input].consumers;
    const bool isIndex = std::ranges::any_of(readers, [&](NodeId id) {
        const std::string &op = graph.nodes[id].opType;
        return op == "embedding" || op == "index_select" || op == "Gather";
    });
    return isIndex && isInteger(data) ? DType::Int64 : DType::Float32;
}

/// The type that samples are read as: libtorch has it, and it converts to the input's.
DType readType(DType type)
{
    switch (type) {
    case DType::Float16:
    case DType::BFloat16: return DType::Float32;
    case DType::UInt16: return DType::Int32;
    case DType::UInt32:
    case DType::UInt64: return DType::Int64;
    default: return type;
    }
}

/// Formats without types of inputs have none.
Result<std::map<std::string, InputType>> typesOf(const ModelFile &file)
{
    if (file.format != "onnx")
        return std::map<std::string, InputType>();
    const auto source = FileSource::open(file.path);
    if (!source)
        return tl::unexpected(source.error());
    try {
        return readInputTypes(**source);
    } catch (const ParseError &error) {
        return tl::unexpected(Error{ErrorKind::Parse, file.path, error.offset(), error.what()});
    }
}

InputType toldOf(const std::map<std::string, InputType> &types, const std::string &name)
{
    const auto found = types.find(name);
    return found == types.end() ? InputType() : found->second;
}

Result<RunInput> openInput(const Graph &graph, ValueId id, const InputType &told, const std::string &place)
{
    const std::string &name = graph.values[id].name;
    auto file = SampleFile::open(place, name);
    if (!file)
        return tl::unexpected(file.error());
    const auto sample = sampleShape(file->shape(), told.shape);
    if (!sample)
        return wrongData(file->path(),
            fmt::format("holds samples of shape {}, and the input \"{}\" of the graph takes {}",
                shapeText(std::span(file->shape()).subspan(1)), printable(name),
                shapeText(std::span(*told.shape).subspan(1))));
    const DType type = inputType(graph, id, told, file->dtype());
    const bool isKnown
        = readType(type) == DType::Float32 || type == DType::Float64 || (isInteger(type) && dtypeBits(type) >= 8);
    if (!isKnown)
        return wrongData(file->path(),
            fmt::format(
                "cannot be given to the input \"{}\" of the graph: its type is {}", printable(name), dtypeName(type)));
    return RunInput{name, type, *sample, std::move(*file)};
}

/// What a few bytes of a graph ask for.
std::optional<Error> batchTooLarge(const ModelFile &file, const RunInput &input, std::uint64_t batch)
{
    constexpr std::uint64_t kMostGiven = 1ull << 32; // elements, of which a run needs several times as many
    if (batch <= kMostGiven / std::max<std::uint64_t>(1, input.file.sampleSize()))
        return std::nullopt;
    return Error{ErrorKind::Parse, file.path, std::nullopt,
        fmt::format("takes {} samples at once in its input \"{}\", which no machine has memory for: export it with a "
                    "smaller batch",
            batch, printable(input.name))};
}

/// Nobody means one array for two inputs: its name told neither.
std::optional<Error> sharedArray(const std::vector<RunInput> &before, const RunInput &input)
{
    const auto shared = std::ranges::find_if(before, [&](const RunInput &other) {
        return other.file.path() == input.file.path() && other.file.arrayName() == input.file.arrayName();
    });
    if (shared == before.end())
        return std::nullopt;
    return Error{ErrorKind::Usage, input.file.path(), std::nullopt,
        fmt::format("gives one array, and the graph has inputs \"{}\" and \"{}\": write an .npz with an array for each "
                    "under its name",
            printable(shared->name), printable(input.name))};
}

} // namespace

Result<RunInputs> RunInputs::open(const ModelFile &file, const std::vector<ValueId> &inputs, const RunData &data)
{
    const auto types = typesOf(file);
    if (!types)
        return tl::unexpected(types.error());
    RunInputs out;
    for (const ValueId id : inputs) {
        const InputType told = toldOf(*types, file.graph->values[id].name);
        auto input = openInput(*file.graph, id, told, data.samples);
        if (!input)
            return tl::unexpected(input.error());
        if (auto wrong = sharedArray(out.m_inputs, *input))
            return tl::unexpected(std::move(*wrong));
        const std::uint64_t samples = input->file.samples();
        if (!out.m_inputs.empty() && samples != out.m_samples)
            return wrongData(input->file.path(),
                fmt::format("holds {} samples for the input \"{}\" and {} for \"{}\"", out.m_samples,
                    printable(out.m_inputs.front().name), samples, printable(input->name)));
        out.m_samples = samples;
        if (told.shape && !told.shape->empty() && told.shape->front() > 0)
            out.m_fixedBatch = static_cast<std::uint64_t>(told.shape->front());
        if (auto wrong = batchTooLarge(file, *input, out.m_fixedBatch))
            return tl::unexpected(std::move(*wrong));
        out.m_inputs.push_back(std::move(*input));
    }
    if (out.m_inputs.empty())
        return wrongData(data.samples, "has nowhere to go: the graph has no input");
    if (data.labels) {
        auto labels = readLabels(*data.labels, out.m_samples);
        if (!labels)
            return tl::unexpected(labels.error());
        out.m_labels = std::move(*labels);
        out.m_labelsPath = *data.labels;
    }
    if (data.limit)
        out.m_samples = std::min(out.m_samples, *data.limit);
    return out;
}

std::uint64_t RunInputs::usualBatch() const
{
    std::uint64_t largest = 1;
    for (const RunInput &input : m_inputs)
        largest = std::max(largest, input.file.sampleSize());
    return std::clamp<std::uint64_t>(kElementsAtOnce / largest, 1, kMostAtOnce);
}

Result<std::vector<at::Tensor>> RunInputs::read(std::uint64_t begin, std::uint64_t count, std::uint64_t batch)
{
    std::vector<at::Tensor> out;
    for (RunInput &input : m_inputs) {
        std::vector<std::byte> bytes;
        try {
            bytes = input.file.read(begin, count, readType(input.type));
        } catch (const ParseError &error) {
            return tl::unexpected(Error{ErrorKind::Parse, input.file.path(), error.offset(), error.what()});
        }
        const std::size_t sample = bytes.size() / count;
        Shape shape = input.sample;
        shape.insert(shape.begin(), static_cast<std::int64_t>(batch));
        at::Tensor tensor = at::empty(shape, scalarTypeOf(readType(input.type)));
        auto *to = static_cast<std::byte *>(tensor.data_ptr());
        std::memcpy(to, bytes.data(), bytes.size());
        for (std::uint64_t i = count; i < batch; ++i)
            std::memcpy(to + i * sample, bytes.data() + (count - 1) * sample, sample);
        out.push_back(tensor.to(scalarTypeOf(input.type)));
    }
    return out;
}

} // namespace quantscope
