#include "base/parallel.h"
#include "base/progress.h"

#include <atomic>
#include <numeric>
#include <thread>
#include <vector>

#include <QtTest>

using namespace quantscope;

class TestParallel : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyIndexOnce_data()
    {
        QTest::addColumn<int>("count");
        for (const int count : {0, 1, 2, 7, 1000})
            QTest::addRow("%d", count) << count;
    }

    /// Also from within a body, as a large tensor of one of many layers is read.
    void everyIndexOnce()
    {
        QFETCH(int, count);
        const auto size = static_cast<std::size_t>(count);
        std::vector<std::atomic<int>> seen(size * 3);
        parallelFor(size, [&](std::size_t i) { parallelFor(3, [&](std::size_t k) { ++seen[i * 3 + k]; }); });
        for (const auto &times : seen)
            QCOMPARE(times.load(), 1);
    }

    /// Of several failures that of the lowest index arrives, whoever was first.
    void theFirstFailureArrives()
    {
        for (int round = 0; round < 20; ++round) {
            std::atomic<int> before = 0;
            std::string text;
            try {
                parallelFor(100, [&](std::size_t i) {
                    before += i < 40 ? 1 : 0;
                    if (i >= 40)
                        throw ParseError(std::to_string(i));
                });
            } catch (const ParseError &error) {
                text = error.what();
            }
            QCOMPARE(text, std::string("40"));
            QCOMPARE(before.load(), 40); // what stands before it was done
        }
    }

    void progressSumsThreads()
    {
        std::atomic<int> inside = 0;
        std::uint64_t last = 0;
        bool alone = true, rising = true;
        const Progress progress([&](std::uint64_t done, std::uint64_t total) {
            alone = alone && ++inside == 1;
            rising = rising && done > last && total == 500;
            last = done;
            --inside;
            return true;
        });
        SharedProgress shared(progress, 500);
        parallelFor(100, [&](std::size_t) { shared.add(5); });
        QVERIFY(alone && rising);
        QCOMPARE(last, std::uint64_t{500});
    }

    void cancellingEndsAllThreads()
    {
        int asked = 0;
        const Progress progress([&](std::uint64_t, std::uint64_t) { return ++asked < 5; });
        SharedProgress shared(progress, 1000);
        std::atomic<int> began = 0;
        QVERIFY_THROWS_EXCEPTION(CancelledError, parallelFor(1000, [&](std::size_t) {
            ++began;
            shared.add(1);
            std::this_thread::yield();
        }));
        QCOMPARE(asked, 5); // who said stop is not asked again
        QVERIFY(began < 1000);
    }
};

QTEST_APPLESS_MAIN(TestParallel)
#include "tst_parallel.moc"
