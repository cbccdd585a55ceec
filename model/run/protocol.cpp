#include "run/protocol.h"

#include "base/checked.h"
#include "base/cursor.h"
#include "run/message_json.h"

#include <cstring>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr int kProtocol = 1;

constexpr std::pair<ErrorKind, std::string_view> kErrorKinds[] = {{ErrorKind::Usage, "usage"}, {ErrorKind::Io, "io"},
    {ErrorKind::Parse, "parse"}, {ErrorKind::Proof, "proof"}, {ErrorKind::Cancelled, "cancelled"}};

} // namespace

HelloMessage ownHello() { return {kProtocol, QUANTSCOPE_VERSION}; }

std::string payloadOf(const HelloMessage &message)
{
    return messageText({{"protocol", message.protocol}, {"version", message.version}});
}

HelloMessage helloIn(std::string_view payload)
{
    const MessageReader in(payload);
    return {in.integer<int>("protocol"), in.text("version")};
}

std::string payloadOf(const RunModel &message)
{
    return messageText({{"path", message.path}, {"recipe", orAbsent(message.recipe)}, {"part", orAbsent(message.part)},
        {"quant_info", orAbsent(message.quantInfo)}, {"recipe_text", orAbsent(message.recipeText)}});
}

RunModel modelIn(std::string_view payload)
{
    const MessageReader in(payload);
    return {in.text("path"), in.textOrNone("recipe"), in.textOrNone("part"), in.textOrNone("quant_info"),
        in.textOrNone("recipe_text")};
}

std::string payloadOf(const OpenedMessage &message)
{
    return messageText({{"notes", message.notes}, {"kept", message.kept}});
}

OpenedMessage openedIn(std::string_view payload)
{
    const MessageReader in(payload);
    return {in.texts("notes"), in.flag("kept")};
}

std::string payloadOf(const RunData &message)
{
    return messageText(
        {{"samples", message.samples}, {"labels", orAbsent(message.labels)}, {"limit", orAbsent(message.limit)}});
}

RunData dataIn(std::string_view payload)
{
    const MessageReader in(payload);
    RunData out{in.text("samples"), in.textOrNone("labels"), {}};
    if (in.has("limit"))
        out.limit = in.integer<std::uint64_t>("limit");
    return out;
}

std::string payloadOf(const DataTakenMessage &message) { return messageText({{"samples", message.samples}}); }

DataTakenMessage dataTakenIn(std::string_view payload)
{
    return {MessageReader(payload).integer<std::uint64_t>("samples")};
}

std::string payloadOf(const RunMessage &message)
{
    return messageText({{"with", message.with}, {"float", message.allFloat}, {"layers", message.layerOutputs},
        {"outputs", message.outputs}, {"magnitudes", message.magnitudes}, {"memory", message.memoryLimit}});
}

RunMessage runIn(std::string_view payload)
{
    const MessageReader in(payload);
    return {in.texts("with"), in.flag("float"), in.flag("layers"), in.flag("outputs"), in.flag("magnitudes"),
        in.integer<std::uint64_t>("memory")};
}

std::string payloadOf(const ProgressMessage &message)
{
    return messageText({{"done", message.done}, {"total", message.total}});
}

ProgressMessage progressIn(std::string_view payload)
{
    const MessageReader in(payload);
    return {in.integer<std::uint64_t>("done"), in.integer<std::uint64_t>("total")};
}

/// A length and the description as JSON, then the elements, little-endian.
std::string payloadOf(std::string_view name, const Shape &shape, std::span<const float> values)
{
    const std::string head = messageText({{"name", std::string(name)}, {"shape", shape}});
    const auto length = static_cast<std::uint32_t>(head.size());
    std::string out(sizeof length, '\0');
    std::memcpy(out.data(), &length, sizeof length);
    out += head;
    out.append(reinterpret_cast<const char *>(values.data()), values.size_bytes());
    return out;
}

ArrayMessage arrayIn(std::string_view payload)
{
    Cursor cursor(std::as_bytes(std::span(payload)));
    const std::uint32_t length = cursor.u32();
    const MessageReader in(cursor.takeText(length));
    ArrayMessage out{in.text("name"), in.integers("shape"), {}};
    if (checkedMul(elementCount(out.shape), sizeof(float), "an array") != cursor.remaining())
        throw ParseError("an array has another number of elements than its shape");
    out.values.resize(cursor.remaining() / sizeof(float));
    const auto bytes = cursor.take(cursor.remaining());
    if (!bytes.empty())
        std::memcpy(out.values.data(), bytes.data(), bytes.size());
    return out;
}

std::string payloadOf(const Error &message)
{
    std::string_view kind;
    for (const auto &[known, name] : kErrorKinds)
        kind = known == message.kind ? name : kind;
    return messageText({{"kind", std::string(kind)}, {"path", message.path}, {"offset", orAbsent(message.offset)},
        {"message", message.message}});
}

Error errorIn(std::string_view payload)
{
    const MessageReader in(payload);
    Error out{ErrorKind::Io, in.text("path"), {}, in.text("message")};
    for (const auto &[known, name] : kErrorKinds)
        if (in.text("kind") == name)
            out.kind = known;
    if (in.has("offset"))
        out.offset = in.integer<std::uint64_t>("offset");
    return out;
}

} // namespace quantscope
