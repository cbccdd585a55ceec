#include "recipe/entry_index.h"

#include "recipe/layer_match.h"

#include <algorithm>

#include <QtTest>

using namespace quantscope;

class TestEntryIndex : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Whatever matches is offered once.
    void offersWhatMatches_data()
    {
        QTest::addColumn<QString>("layer");
        for (const char *layer : {"x.b.2", "module.x.b.2", "x.b[.2", "a]b", "x._orig_mod.b.2", "x.2", "2"})
            QTest::newRow(layer) << layer;
    }

    void offersWhatMatches()
    {
        QFETCH(QString, layer);
        const std::string name = layer.toStdString();
        const EntryIndex index(m_entries);
        const std::vector<std::size_t> found = index.mayReach(name);
        for (std::size_t i = 0; i < m_entries.size(); ++i)
            if (matchesLayer(m_entries[i].match, name))
                QCOMPARE(std::ranges::count(found, i), std::ptrdiff_t{1});
        QVERIFY(std::ranges::is_sorted(found));
    }

    /// A pattern whose ends are others is not.
    void leavesOutWhatCannotMatch()
    {
        const EntryIndex index(m_entries);
        QCOMPARE(index.mayReach("x.b.1"), (std::vector<std::size_t>{0, 2, 4}));
        QCOMPARE(index.mayReach("x.b.2"), (std::vector<std::size_t>{1, 2, 3, 4, 5, 6, 7, 8}));
    }

private:
    struct Entry {
        std::string match;
    };
    const std::vector<Entry> m_entries{
        {"x.*.1"}, {"x.*.2"}, {"*"}, {"x.b.2"}, {"module.x.*"}, {"x.?.2"}, {"[x]*2"}, {"x.b[.]2"}, {"x.b[.2"}, {"a]*"}};
};

QTEST_GUILESS_MAIN(TestEntryIndex)
#include "tst_entry_index.moc"
