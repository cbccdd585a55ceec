#include "formats/onnx/onnx_reader.h"

#include "base/text.h"
#include "formats/onnx/graph_builder.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

using namespace onnx;

/// Fields of ModelProto and its small parts (onnx.proto, IR version 13).
enum ModelField : std::uint32_t {
    kIrVersion = 1,
    kProducerName = 2,
    kProducerVersion = 3,
    kDomain = 4,
    kModelVersion = 5,
    kDocString = 6,
    kGraph = 7,
    kOpset = 8,
    kMetadata = 14,
    kTrainingInfo = 20,
    kFunctions = 25,
    kConfiguration = 26,
};

struct ModelParts {
    Message graph;
    std::vector<Message> functions;
    std::size_t trainings = 0;
    std::uint64_t irVersion = 0;
    std::map<std::string, std::int64_t> opsets;
    std::string producerName, producerVersion;
};

void readOpset(Context &context, const Field &field, ModelParts &parts)
{
    std::string domain;
    std::int64_t version = 0;
    forEachField(context.window, {field.bytes}, [&](const Field &part) {
        if (part.isBytes(1))
            domain = textOf(context, part);
        else if (part.isVarint(2))
            version = static_cast<std::int64_t>(part.value);
    });
    parts.opsets[domain == "ai.onnx" ? "" : domain] = version;
}

void readMetadata(Context &context, const Field &field)
{
    std::string key, value;
    forEachField(context.window, {field.bytes}, [&](const Field &part) {
        if (part.isBytes(1))
            key = textOf(context, part);
        else if (part.isBytes(2))
            value = textOf(context, part);
    });
    context.file.metadata["metadata " + key] = value;
}

void readModelField(Context &context, const Field &field, ModelParts &parts)
{
    auto &metadata = context.file.metadata;
    if (field.isVarint(kIrVersion)) {
        parts.irVersion = field.value;
        metadata["ir_version"] = std::to_string(field.value);
    } else if (field.isVarint(kModelVersion))
        metadata["model_version"] = std::to_string(field.value);
    else if (field.isBytes(kProducerName))
        parts.producerName = textOf(context, field);
    else if (field.isBytes(kProducerVersion))
        parts.producerVersion = textOf(context, field);
    else if (field.isBytes(kDomain))
        metadata["domain"] = textOf(context, field);
    else if (field.isBytes(kGraph))
        parts.graph.push_back(field.bytes);
    else if (field.isBytes(kTrainingInfo))
        ++parts.trainings;
    else if (field.isBytes(kFunctions))
        parts.functions.push_back({field.bytes});
    else if (field.isBytes(kOpset))
        readOpset(context, field, parts);
    else if (field.isBytes(kMetadata))
        readMetadata(context, field);
}

ModelParts readModelParts(Context &context)
{
    ModelParts parts;
    forEachField(context.window, {Range{0, context.window.size()}},
        [&](const Field &field) { readModelField(context, field, parts); });
    if (parts.graph.empty())
        throw ParseError("holds no graph, so it is no ONNX model");
    auto &metadata = context.file.metadata;
    if (!parts.producerName.empty())
        metadata["producer"]
            = parts.producerVersion.empty() ? parts.producerName : parts.producerName + " " + parts.producerVersion;
    for (const auto &[domain, version] : parts.opsets)
        metadata[domain.empty() ? "opset" : "opset " + domain] = std::to_string(version);
    return parts;
}

/// What is read and changes nothing that is shown.
void reportAside(Context &context, const ModelParts &parts)
{
    if (parts.trainings != 0)
        context.report("training-not-shown", Severity::Note, "",
            fmt::format("The file also says how it is trained ({} TrainingInfo); that is not shown.", parts.trainings));
    constexpr std::uint64_t kInitializersNeedNoInput = 4; // before, all of them are inputs
    std::string first;
    std::size_t count = 0;
    for (const ValueId id : context.file.graph->inputs)
        if (const Value &value = context.file.graph->values[id]; value.tensor && count++ == 0)
            first = value.name;
    if (count != 0 && parts.irVersion >= kInitializersNeedNoInput)
        context.report("tensor-is-input", Severity::Note, first,
            fmt::format("'{}'{} an input of the graph as well: whoever runs the model can replace what is shown.",
                printable(first), count == 1 ? " is" : fmt::format(" and {} more tensors are each", count - 1)));
}

/// The wire type that a field of ModelProto must have; nullopt for numbers that it does not use.
std::optional<WireType> modelFieldType(std::uint32_t number)
{
    switch (number) {
    case kIrVersion:
    case kModelVersion: return WireType::Varint;
    case kProducerName:
    case kProducerVersion:
    case kDomain:
    case kDocString:
    case kGraph:
    case kOpset:
    case kMetadata:
    case kTrainingInfo:
    case kFunctions:
    case kConfiguration: return WireType::Bytes;
    default: return std::nullopt;
    }
}

bool namedOnnx(const std::string &path)
{
    constexpr std::string_view kEnding = ".onnx";
    return path.size() >= kEnding.size() && path.compare(path.size() - kEnding.size(), kEnding.size(), kEnding) == 0;
}

} // namespace

bool looksLikeOnnx(std::span<const std::byte> head, const ReadRequest &request)
{
    // A protocol buffer has no magic number. A damaged file that says it is ONNX gets the ONNX reader's exact
    // complaint.
    if (namedOnnx(request.path))
        return true;
    const MemorySource source(std::vector<std::byte>(head.begin(), head.end()));
    WireWindow window(source);
    // The range is the file's: a graph may well be longer than the head.
    FieldWalker walker(window, {0, request.source ? request.source->size() : head.size()});
    // Nor may a field's own header be cut off by the end of the head.
    constexpr std::size_t kFieldHeader = 32;
    const bool whole = request.source && request.source->size() == head.size();
    const std::size_t stop = whole ? head.size() : head.size() - std::min(head.size(), kFieldHeader);
    int known = 0;
    try {
        Field field;
        while (walker.offset() < stop && walker.next(field)) {
            const auto type = modelFieldType(field.number);
            if (type && *type != field.type)
                return false;
            known += type ? 1 : 0;
            if (field.isBytes(kGraph))
                return true;
        }
    } catch (const ParseError &) {
        return false;
    }
    return known > 0;
}

ModelFile readOnnx(const ReadRequest &request)
{
    Context context(request);
    context.file.path = request.path;
    context.file.format = "onnx";
    context.file.bytes = request.source->size();
    const ModelParts parts = readModelParts(context);
    std::vector<RawFunction> functions;
    for (const Message &message : parts.functions)
        functions.push_back(readFunction(context, message));
    GraphBuilder builder(context, functions);
    builder.addTop(readGraph(context, parts.graph, ""));
    builder.addUncalled();
    context.file.graph = builder.take();
    context.file.graph->opsets = parts.opsets;
    reportAside(context, parts);
    context.file.buildIndex();
    return std::move(context.file);
}

} // namespace quantscope
