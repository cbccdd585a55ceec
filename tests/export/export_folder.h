#pragma once

#include "export/export.h"

#include "export/hand_made.h"

#include <QCryptographicHash>
#include <QDir>
#include <QFile>
#include <QMap>

#include <algorithm>

namespace quantscope::test {

inline SlotQuantizer int8Slot(
    const std::string &slot, Shape shape, const std::vector<std::int8_t> &values, float scale = 0x1p-7f)
{
    return storedSlot<std::int8_t>(slot, DType::Int8, std::move(shape), values, storedQuantizer(8, true, scale));
}

/// Three layers with a path, a reserved word and a plain name; every code is 10 * layer + place.
inline Network threeLayers()
{
    return networkOf({layerOf("block.0", "Conv2d", {int8Slot("weight", {2, 3, 1, 1}, {0, 1, 2, 3, 4, 5})}),
        layerOf("float", "Linear",
            {int8Slot("weight", {2, 2}, {10, 11, 12, 13}), int8Slot("bias", {2}, {14, 15}, 0x1p-13f)}),
        layerOf("fc", "Linear", {int8Slot("weight", {2, 2}, {20, 21, 22, 23}, 0.1f)})});
}

inline ExportRequest requestFor(
    const QString &folder, std::vector<std::string> layers = {}, const std::string &layout = "source")
{
    ExportRequest request;
    request.layers = std::move(layers);
    request.formats = {"header"};
    request.layout = layout;
    request.folder = folder.toStdString();
    return request;
}

inline QByteArray readAll(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

inline bool writeAll(const QString &path, const QByteArray &bytes)
{
    QFile file(path);
    return file.open(QIODevice::WriteOnly | QIODevice::Truncate) && file.write(bytes) == bytes.size();
}

inline QByteArray sha(const QByteArray &bytes)
{
    return QCryptographicHash::hash(bytes, QCryptographicHash::Sha256).toHex();
}

inline QStringList names(const QString &folder)
{
    return QDir(folder).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot, QDir::Name);
}

/// Names and contents of a folder: what must not change when an export fails.
inline QMap<QString, QByteArray> contents(const QString &folder)
{
    QMap<QString, QByteArray> out;
    for (const QString &name : names(folder))
        out[name] = readAll(folder + "/" + name);
    return out;
}

inline bool contains(const std::vector<std::string> &notes, const char *part)
{
    return std::any_of(
        notes.begin(), notes.end(), [&](const std::string &note) { return note.find(part) != std::string::npos; });
}

} // namespace quantscope::test
