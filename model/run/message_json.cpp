#include "run/message_json.h"

#include <bit>

#include <fmt/format.h>

namespace quantscope {

MessageJson exactJson(double value) { return std::bit_cast<std::uint64_t>(value); }

std::string messageText(const MessageJson &message)
{
    try {
        return message.dump();
    } catch (const MessageJson::type_error &) { // UTF-8
        std::string out;
        MessageJson::to_cbor(message, out);
        return out;
    }
}

/// Maps of CBOR begin with a byte of which no JSON text does.
MessageReader::MessageReader(std::string_view payload)
    : m_object(!payload.empty() && static_cast<unsigned char>(payload.front()) >= 0x80
            ? MessageJson::from_cbor(payload, true, false)
            : MessageJson::parse(payload, nullptr, false))
{
    if (!m_object.is_object())
        throw ParseError("a frame holds no message");
}

MessageReader::MessageReader(MessageJson object)
    : m_object(std::move(object))
{
    if (!m_object.is_object())
        throw ParseError("a frame holds something else than a message");
}

void MessageReader::fail(const char *name)
{
    throw ParseError(fmt::format("a message has no '{}' of the type that belongs there", name));
}

bool MessageReader::has(const char *name) const
{
    const auto found = m_object.find(name);
    return found != m_object.end() && !found->is_null();
}

const MessageJson &MessageReader::member(const char *name) const
{
    const auto found = m_object.find(name);
    if (found == m_object.end())
        fail(name);
    return *found;
}

std::string MessageReader::text(const char *name) const
{
    const MessageJson &value = member(name);
    if (!value.is_string())
        fail(name);
    return value.get<std::string>();
}

std::optional<std::string> MessageReader::textOrNone(const char *name) const
{
    return member(name).is_null() ? std::nullopt : std::optional(text(name));
}

bool MessageReader::flag(const char *name) const
{
    const MessageJson &value = member(name);
    if (!value.is_boolean())
        fail(name);
    return value.get<bool>();
}

double MessageReader::number(const char *name) const { return std::bit_cast<double>(integer<std::uint64_t>(name)); }

std::vector<std::string> MessageReader::texts(const char *name) const
{
    const MessageJson &list = member(name);
    std::vector<std::string> out;
    if (!list.is_array())
        fail(name);
    for (const MessageJson &value : list)
        value.is_string() ? out.push_back(value.get<std::string>()) : fail(name);
    return out;
}

std::vector<std::int64_t> MessageReader::integers(const char *name) const
{
    const MessageJson &list = member(name);
    std::vector<std::int64_t> out;
    if (!list.is_array())
        fail(name);
    for (const MessageJson &value : list)
        value.is_number_integer() ? out.push_back(value.get<std::int64_t>()) : fail(name);
    return out;
}

std::vector<std::uint64_t> MessageReader::counts(const char *name) const
{
    const MessageJson &list = member(name);
    std::vector<std::uint64_t> out;
    if (!list.is_array())
        fail(name);
    for (const MessageJson &value : list)
        value.is_number_unsigned() ? out.push_back(value.get<std::uint64_t>()) : fail(name);
    return out;
}

std::vector<MessageReader> MessageReader::objects(const char *name) const
{
    const MessageJson &list = member(name);
    std::vector<MessageReader> out;
    if (!list.is_array())
        fail(name);
    for (const MessageJson &value : list)
        out.emplace_back(value);
    return out;
}

} // namespace quantscope
