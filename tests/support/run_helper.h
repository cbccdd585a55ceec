#pragma once

#include "run/frame.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QString>

#include <string>

namespace quantscope::test {

/// The folder of the program that runs networks; empty where it is not built.
inline QString helperFolder()
{
    const QString folder = qEnvironmentVariable("QUANTSCOPE_BIN");
    return QFileInfo::exists(folder + "/quantscope-torch") ? folder : QString();
}

/// A frame as a shell prints it.
inline QString printedFrame(FrameType type, const std::string &payload)
{
    QString out = "printf '%b' '";
    const auto length = static_cast<std::uint32_t>(payload.size());
    for (int shift = 0; shift < 32; shift += 8)
        out += QString("\\0%1").arg((length >> shift) & 0xFF, 3, 8, QChar('0'));
    out += QString("\\0%1").arg(static_cast<int>(type), 3, 8, QChar('0'));
    for (const char c : payload)
        out += QString("\\0%1").arg(static_cast<unsigned char>(c), 3, 8, QChar('0'));
    return out + "'\n";
}

/// What is found first on PATH while this is there.
class PathBegin {
public:
    explicit PathBegin(const QString &folder)
        : m_before(qgetenv("PATH"))
    {
        qputenv("PATH", QFile::encodeName(folder) + ":" + m_before);
    }
    ~PathBegin() { qputenv("PATH", m_before); }
    PathBegin(const PathBegin &) = delete;
    PathBegin &operator=(const PathBegin &) = delete;

private:
    QByteArray m_before;
};

/// The helper that this program started; 0 for none.
inline int helperProcess()
{
    const QString own = QString::number(QCoreApplication::applicationPid());
    for (const QString &process : QDir("/proc").entryList(QDir::Dirs)) {
        QFile stat("/proc/" + process + "/stat");
        if (process.toInt() == 0 || !stat.open(QIODevice::ReadOnly))
            continue;
        const QString text = stat.readAll();
        if (text.section(')', -1).trimmed().section(' ', 1, 1) == own && text.contains("(quantscope-torc"))
            return process.toInt();
    }
    return 0;
}

/// A program of that name and what it does, a shell script.
inline void writeHelper(const QString &folder, const QString &script)
{
    QFile file(folder + "/quantscope-torch");
    if (!file.open(QIODevice::WriteOnly) || file.write(("#!/bin/sh\n" + script).toUtf8()) < 0)
        qFatal("cannot write");
    file.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
}

} // namespace quantscope::test
