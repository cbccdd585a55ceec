#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

#include <tl/expected.hpp>

namespace quantscope {

/// What went wrong, in the terms that decide the command line's exit status.
enum class ErrorKind {
    Usage, ///< wrong words, unknown layer or preset, a recipe that does not parse (exit status 2)
    Io, ///< a file cannot be opened, read or written (3)
    Parse, ///< the bytes contradict their format (3)
    Proof, ///< a proof failed or could not be made (1)
    Cancelled, ///< the person asked to stop
};

/// An error as a value: what the person reads, and where in which file it is.
struct Error {
    ErrorKind kind = ErrorKind::Parse;
    std::string path;
    std::optional<std::uint64_t> offset;
    std::string message;

    /// One sentence: `PATH: MESSAGE (at offset 0x..)`.
    std::string text() const;
};

template <class T> using Result = tl::expected<T, Error>;

/// Thrown by reading primitives only; `openModel` and `loadRecipe` turn it into an `Error`.
class ParseError : public std::runtime_error {
public:
    explicit ParseError(const std::string &message, std::optional<std::uint64_t> offset = std::nullopt)
        : std::runtime_error(message)
        , m_offset(offset)
    {
    }
    std::optional<std::uint64_t> offset() const { return m_offset; }

private:
    std::optional<std::uint64_t> m_offset;
};

/// Thrown when `Progress::step` says stop; caught at the same border as ParseError.
class CancelledError : public std::runtime_error {
public:
    CancelledError()
        : std::runtime_error("cancelled")
    {
    }
};

} // namespace quantscope
