// The model has members named `slots`.
#include "lab/candidates.h"
#include "lab/families.h"

#include <set>

#include <QtTest>

using namespace quantscope;

class TestFamilies : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Every row is a candidate that has a width to choose, under the name that its points bear.
    void everyRowCanBeSwept()
    {
        std::set<std::string> titles;
        for (const SweepFamily &family : weightFamilies()) {
            const std::string name(family.name);
            const auto candidate = parseCandidate(name);
            QVERIFY2(candidate, name.c_str());
            const auto swept = atWidths({*candidate}, 2, 4);
            QCOMPARE(swept.size(), std::size_t{3});
            for (const CandidateText &one : swept)
                QCOMPARE(candidateFamily(one.text), name);
            QCOMPARE(weightFamilyTitle(name), family.title);
            QVERIFY2(titles.insert(std::string(family.title)).second, name.c_str());
        }
    }

    void thoseSweptByDefaultStandFirst()
    {
        bool more = true;
        int count = 0;
        for (const SweepFamily &family : weightFamilies()) {
            QVERIFY(more || !family.byDefault);
            more = family.byDefault;
            count += family.byDefault ? 1 : 0;
        }
        QCOMPARE(count, 3);
        QCOMPARE(weightFamilyTitle("ap_fixed<6,0>"), std::string_view("ap_fixed<6,0>"));
    }
};

QTEST_GUILESS_MAIN(TestFamilies)
#include "tst_families.moc"
