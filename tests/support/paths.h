#pragma once

#include <QByteArray>
#include <QFile>
#include <QString>
#include <QtTest>

#include <cstddef>
#include <string>
#include <vector>

namespace quantscope::test {

/// A file of tests/data, such as "brevitas/0.10.2/mha.pt".
inline std::string data(const std::string &name) { return std::string(QUANTSCOPE_TEST_DATA) + "/" + name; }
/// A bundled sample.
inline std::string sample(const std::string &name)
{
    return std::string(QUANTSCOPE_SOURCE_DIR) + "/resources/samples/" + name;
}
/// A file beside the checkout that need not be there; tests on it skip.
inline std::string shared(const std::string &name) { return std::string(QUANTSCOPE_SOURCE_DIR) + "/../shared/" + name; }

inline std::vector<std::byte> bytesOf(const std::string &path)
{
    QFile file(QString::fromStdString(path));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    const QByteArray content = file.readAll();
    const auto *begin = reinterpret_cast<const std::byte *>(content.constData());
    return {begin, begin + content.size()};
}

} // namespace quantscope::test
