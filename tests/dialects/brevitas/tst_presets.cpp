// The model has members named `slots`.
#include "dialects/brevitas/presets.h"
#include "dialects/brevitas/spec.h"
#include "support/paths.h"

#include <QDir>
#include <QFile>
#include <QtTest>

using namespace quantscope;

/// The presets of each version, as its source lists them: tests/data/presets holds the classes of brevitas.quant and
/// its modules, without what only others are made from.
class TestPresets : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void knownByName_data()
    {
        QTest::addColumn<QStringList>("names");
        QDir folder(QString::fromStdString(test::data("presets")));
        for (const QString &entry : folder.entryList({"*.txt"}, QDir::Files, QDir::Name)) {
            QFile file(folder.filePath(entry));
            QVERIFY(file.open(QIODevice::ReadOnly));
            QTest::newRow(qPrintable(entry.chopped(4)))
                << QString::fromUtf8(file.readAll()).split('\n', Qt::SkipEmptyParts);
        }
    }

    void knownByName()
    {
        QFETCH(QStringList, names);
        const int version = brevitasVersion(QTest::currentDataTag()).value();
        QStringList unknown, invented;
        for (const QString &name : names) {
            const Preset *preset = findPreset(name.toStdString());
            if (preset == nullptr || !existsIn(*preset, version))
                unknown << name;
        }
        for (const Preset &preset : presets())
            if (existsIn(preset, version) && !names.contains(QString::fromStdString(std::string(preset.name))))
                invented << QString::fromStdString(std::string(preset.name));
        QCOMPARE(unknown, QStringList());
        QCOMPARE(invented, QStringList());
    }
};

QTEST_GUILESS_MAIN(TestPresets)
#include "tst_presets.moc"
