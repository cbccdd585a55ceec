#pragma once

#include "items/text.h"
#include "session/session.h"
#include "session/settings.h"
#include "support/paths.h"

#include <QAbstractItemModel>
#include <QRegularExpression>
#include <QStringList>
#include <QtTest>

namespace quantscope::test {

/// Every warning of Qt fails a test. Showing a window or a tooltip without a display always gives two of them: these
/// are dropped, they would bury what a failing test says.
inline void failOnWarnings()
{
    static QtMessageHandler ofTests = nullptr;
    if (!ofTests)
        ofTests = qInstallMessageHandler([](QtMsgType type, const QMessageLogContext &context, const QString &text) {
            if (!text.startsWith(QStringLiteral("This plugin does not support ")))
                ofTests(type, context, text);
        });
    QTest::failOnWarning(QRegularExpression(QStringLiteral(".")));
}

/// A model as text, cells apart by " | ": compared whole.
inline QStringList printed(const QAbstractItemModel &model, int maxRows = 1000)
{
    QStringList lines;
    for (int row = 0; row < std::min(maxRows, model.rowCount()); ++row) {
        QStringList cells;
        for (int column = 0; column < model.columnCount(); ++column)
            cells << model.index(row, column).data().toString();
        lines << cells.join(QStringLiteral(" | "));
    }
    return lines;
}

/// Opens and waits until the quantizers and all statistics are there.
inline bool openAndWait(Session &session, const std::string &path, const QString &recipe = {})
{
    session.open(QString::fromStdString(path), recipe);
    return QTest::qWaitFor(
        [&] { return session.state() == Session::State::Ready && session.statistics().idle(); }, 20000);
}

} // namespace quantscope::test
