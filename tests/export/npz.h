#pragma once

#include <QByteArray>
#include <QFile>
#include <QString>

#include <zlib.h>

#include <cstring>
#include <string>

namespace quantscope::test {

/// The elements of one array of a .npz file as they lie in it (C order, little-endian); empty when it is not there.
/// Only what numpy writes: a zip of .npy members, stored or deflated, below 4 GB.
inline QByteArray npzArray(const std::string &path, const std::string &name)
{
    QFile file(QString::fromStdString(path));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    const QByteArray zip = file.readAll();
    const auto number = [&](qsizetype at, int bytes) {
        quint32 value = 0;
        for (int i = 0; i < bytes; ++i)
            value |= static_cast<quint32>(static_cast<unsigned char>(zip[at + i])) << (8 * i);
        return static_cast<qsizetype>(value);
    };
    const qsizetype end = zip.lastIndexOf("PK\x05\x06");
    qsizetype at = number(end + 16, 4);
    for (qsizetype left = number(end + 10, 2); left > 0; --left) {
        const QByteArray member = zip.mid(at + 46, number(at + 28, 2));
        const qsizetype method = number(at + 10, 2), packed = number(at + 20, 4), whole = number(at + 24, 4),
                        local = number(at + 42, 4);
        at += 46 + number(at + 28, 2) + number(at + 30, 2) + number(at + 32, 2);
        if (member != QByteArray::fromStdString(name + ".npy"))
            continue;
        QByteArray data = zip.mid(local + 30 + number(local + 26, 2) + number(local + 28, 2), packed);
        if (method == 8) {
            QByteArray inflated(whole, '\0');
            z_stream stream{};
            stream.next_in = reinterpret_cast<Bytef *>(data.data());
            stream.avail_in = static_cast<uInt>(data.size());
            stream.next_out = reinterpret_cast<Bytef *>(inflated.data());
            stream.avail_out = static_cast<uInt>(inflated.size());
            if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
                return {};
            const int status = inflate(&stream, Z_FINISH);
            inflateEnd(&stream);
            if (status != Z_STREAM_END)
                return {};
            data = inflated;
        }
        // .npy 1.0: magic, version, then the length of the text that describes the array.
        return data.mid(10 + static_cast<unsigned char>(data[8]) + 256 * static_cast<unsigned char>(data[9]));
    }
    return {};
}

} // namespace quantscope::test
