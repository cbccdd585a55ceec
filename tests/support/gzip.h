#pragma once

#include <QByteArray>

#include <zlib.h>

namespace quantscope::test {

/// With every field that its header may have, if so wanted: extra, name, comment and the header's own CRC.
inline QByteArray gzip(const QByteArray &content, bool full = false)
{
    z_stream z{};
    deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    Bytef extra[] = "extra", name[] = "name", comment[] = "a comment";
    gz_header header{};
    header.extra = extra;
    header.extra_len = 5;
    header.name = name;
    header.comment = comment;
    header.hcrc = 1;
    if (full)
        deflateSetHeader(&z, &header);
    QByteArray out(content.size() + 1000, '\0');
    z.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(content.data()));
    z.avail_in = static_cast<uInt>(content.size());
    z.next_out = reinterpret_cast<Bytef *>(out.data());
    z.avail_out = static_cast<uInt>(out.size());
    deflate(&z, Z_FINISH);
    out.resize(static_cast<qsizetype>(z.total_out));
    deflateEnd(&z);
    return out;
}

} // namespace quantscope::test
