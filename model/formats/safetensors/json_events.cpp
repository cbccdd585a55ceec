#include "formats/safetensors/json_events.h"

#include "base/error.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace quantscope {

namespace {

constexpr int kDepth = 8;

[[noreturn]] void refuse(std::string_view found) { throw ParseError(fmt::format("has {} where none belongs", found)); }

/// The words of nlohmann's parser for ours. It keeps a bit for each open bracket, so these are bounded here.
class Adapter {
public:
    using number_integer_t = nlohmann::json::number_integer_t;
    using number_unsigned_t = nlohmann::json::number_unsigned_t;
    using number_float_t = nlohmann::json::number_float_t;
    using string_t = nlohmann::json::string_t;
    using binary_t = nlohmann::json::binary_t;

    Adapter(std::uint64_t offset, std::string_view what, JsonEvents &events)
        : m_offset(offset)
        , m_what(what)
        , m_events(events)
    {
    }

    bool null() { return other(); }
    bool boolean(bool value)
    {
        m_events.boolean(value);
        return true;
    }
    bool number_integer(number_integer_t value)
    {
        m_events.negative(value);
        return true;
    }
    bool number_float(number_float_t value, const string_t &)
    {
        m_events.real(value);
        return true;
    }
    bool binary(binary_t &) { return other(); }
    bool number_unsigned(number_unsigned_t value)
    {
        m_events.number(value);
        return true;
    }
    bool string(string_t &value)
    {
        m_events.text(value);
        return true;
    }
    bool start_object(std::size_t)
    {
        deeper();
        m_events.beginObject();
        return true;
    }
    bool key(string_t &name)
    {
        m_events.key(name);
        return true;
    }
    bool end_object()
    {
        --m_depth;
        m_events.endObject();
        return true;
    }
    bool start_array(std::size_t)
    {
        deeper();
        m_events.beginArray();
        return true;
    }
    bool end_array()
    {
        --m_depth;
        m_events.endArray();
        return true;
    }
    bool parse_error(std::size_t position, const std::string &, const nlohmann::json::exception &)
    {
        throw ParseError(fmt::format("{} is no valid JSON", m_what), m_offset + (position > 0 ? position - 1 : 0));
    }

private:
    bool other()
    {
        m_events.otherValue();
        return true;
    }
    void deeper()
    {
        if (++m_depth > kDepth)
            throw ParseError(fmt::format("{} is nested more than {} deep", m_what, kDepth));
    }

    std::uint64_t m_offset;
    std::string_view m_what;
    JsonEvents &m_events;
    int m_depth = 0;
};

} // namespace

void JsonEvents::text(std::string &) { refuse("a text"); }
void JsonEvents::number(std::uint64_t) { refuse("a number"); }
void JsonEvents::otherValue() { refuse("a value that is neither a text nor a whole number"); }
void JsonEvents::beginArray() { refuse("a list"); }

void readJson(std::string_view text, std::uint64_t offset, std::string_view what, JsonEvents &events)
{
    // nlohmann takes NUL for the end of its input, and would not see what follows.
    if (const auto nul = text.find('\0'); nul != text.npos)
        throw ParseError(fmt::format("{} is no valid JSON", what), offset + nul);
    Adapter adapter(offset, what, events);
    nlohmann::json::sax_parse(text.begin(), text.end(), &adapter);
}

} // namespace quantscope
