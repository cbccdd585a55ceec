#pragma once

#include <QByteArray>
#include <QStringList>

namespace quantscope::test {

/// What a run of `quantscope` left; status -1 when it crashed or took longer than a minute.
struct Run {
    int status = -1;
    QByteArray out, err;
};

/// The built `quantscope`, as ctest tells where it lies (QUANTSCOPE_BIN).
QString programPath();
Run runWith(const QStringList &arguments);

} // namespace quantscope::test
