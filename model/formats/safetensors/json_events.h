#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace quantscope {

/// What a JSON text says, one thing after the other, so that nothing of it is kept that nobody asked for. Every
/// function may throw ParseError; what is not overridden refuses.
class JsonEvents {
public:
    virtual ~JsonEvents() = default;
    virtual void text(std::string &value);
    virtual void number(std::uint64_t value);
    virtual void negative(std::int64_t) { otherValue(); } ///< below zero
    virtual void real(double) { otherValue(); } ///< no integer
    virtual void boolean(bool) { otherValue(); }
    virtual void otherValue(); ///< null, and of the above what is not overridden
    virtual void beginObject() = 0;
    virtual void endObject() = 0;
    virtual void key(std::string &name) = 0;
    virtual void beginArray();
    virtual void endArray() { }
};

/// Reads a whole text, which is UTF-8 without NUL; `what` names it in messages, `offset` is where it lies in its file.
/// Throws ParseError also for objects and lists nested more than eight deep.
void readJson(std::string_view text, std::uint64_t offset, std::string_view what, JsonEvents &events);

} // namespace quantscope
