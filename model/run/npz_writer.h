#pragma once

#include "base/atomic_file.h"
#include "tensor/tensor.h"

#include <cstdint>
#include <list>
#include <span>
#include <string>
#include <string_view>

namespace quantscope {

/// Writes float32 arrays that come in pieces as an .npz (a zip archive of .npy files, not compressed), which is there
/// whole or not at all. Pieces wait in files without a name beside the destination.
class NpzWriter {
public:
    /// Errors (Io): nothing can be written there.
    static Result<NpzWriter> create(const std::string &destination);

    /// Rows of an array: all pieces of one name have the same shape but for the first axis. What fails (a full disk, a
    /// piece of another shape) is said by commit().
    void add(const std::string &name, const Shape &shape, std::span<const float> values);
    /// Errors (Io): what failed, here or before; nothing is left then.
    Result<void> commit();

private:
    /// A file without a name.
    class Spool {
    public:
        explicit Spool(const std::string &folder);
        Spool(const Spool &) = delete;
        Spool &operator=(const Spool &) = delete;
        ~Spool();
        int error() const { return m_error; }
        void write(std::span<const float> values);
        void copyTo(AtomicFile &file);
        std::uint32_t crcBehind(std::string_view head) const; ///< CRC-32 of `head` and what was written

    private:
        int m_descriptor, m_error = 0;
        std::uint32_t m_crc = 0;
        std::uint64_t m_bytes = 0;
    };
    struct Waiting {
        Waiting(std::string arrayName, Shape arrayShape, const std::string &folder)
            : name(std::move(arrayName))
            , shape(std::move(arrayShape))
            , spool(folder)
        {
        }
        std::string name;
        Shape shape;
        Spool spool;
    };
    explicit NpzWriter(AtomicFile file, std::string folder)
        : m_file(std::move(file))
        , m_folder(std::move(folder))
    {
    }
    Error error(const std::string &why) const;

    AtomicFile m_file;
    std::string m_folder, m_problem;
    std::list<Waiting> m_arrays;
};

} // namespace quantscope
