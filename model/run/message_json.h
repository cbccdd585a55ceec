#pragma once

#include "base/checked.h"
#include "base/error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace quantscope {

using MessageJson = nlohmann::json;

/// Null for what is absent.
template <class T> MessageJson orAbsent(const std::optional<T> &value)
{
    return value ? MessageJson(*value) : MessageJson(nullptr);
}
/// As JSON; as CBOR where a text is no UTF-8, such as the path of a file that an older system named: its bytes are what
/// tells the file.
std::string messageText(const MessageJson &message);
/// Exact, also for what is not finite.
MessageJson exactJson(double value);

/// An object of a message. Everything that is not there, or of another type, throws ParseError naming it.
class MessageReader {
public:
    explicit MessageReader(std::string_view payload);
    explicit MessageReader(MessageJson object);

    /// It is there and not null.
    bool has(const char *name) const;
    const MessageJson &member(const char *name) const;
    std::string text(const char *name) const;
    std::optional<std::string> textOrNone(const char *name) const;
    bool flag(const char *name) const;
    double number(const char *name) const; ///< as exactJson writes it
    std::vector<std::string> texts(const char *name) const;
    std::vector<std::int64_t> integers(const char *name) const;
    std::vector<std::uint64_t> counts(const char *name) const;
    std::vector<MessageReader> objects(const char *name) const;
    template <std::integral T> T integer(const char *name) const
    {
        const MessageJson &value = member(name);
        if (value.is_number_unsigned())
            return narrow<T>(value.get<std::uint64_t>(), name);
        if (!value.is_number_integer())
            fail(name);
        return narrow<T>(value.get<std::int64_t>(), name);
    }

private:
    [[noreturn]] static void fail(const char *name);

    MessageJson m_object;
};

} // namespace quantscope
