#include "export/file_sink.h"

#include <span>

namespace quantscope {

FileSink::FileSink(AtomicFile &file)
    : m_file(file)
{
}

void FileSink::write(std::string_view text)
{
    m_file.write(text);
    m_sha.add(std::as_bytes(std::span(text)));
    m_bytes += text.size();
}

std::string FileSink::hash() { return m_sha.finish(); }

} // namespace quantscope
