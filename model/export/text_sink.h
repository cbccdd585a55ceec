#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace quantscope {

/// Where a writer's text goes. A preview takes only the first lines; writers ask and stop early.
class TextSink {
public:
    TextSink() = default;
    virtual ~TextSink() = default;
    TextSink(const TextSink &) = delete;
    TextSink &operator=(const TextSink &) = delete;

    virtual void write(std::string_view text) = 0;
    /// Lines that are still wanted; nullopt: all.
    virtual std::optional<std::size_t> linesLeft() const { return std::nullopt; }
    bool full() const { return linesLeft() == 0; }
};

/// Keeps the first lines.
class PreviewSink final : public TextSink {
public:
    explicit PreviewSink(std::size_t lines)
        : m_left(lines)
    {
    }
    void write(std::string_view text) override
    {
        while (m_left > 0 && !text.empty()) {
            const std::size_t end = text.find('\n');
            m_text += text.substr(0, end == std::string_view::npos ? end : end + 1);
            if (end == std::string_view::npos)
                return;
            text.remove_prefix(end + 1);
            --m_left;
        }
    }
    std::optional<std::size_t> linesLeft() const override { return m_left; }
    const std::string &text() const { return m_text; }

private:
    std::string m_text;
    std::size_t m_left;
};

} // namespace quantscope
