#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#define TWICE(x) ((x) + (x))

namespace sample {

template <typename T> class Stack {
public:
    Stack() {}
    void push(const T& value) { items.push_back(value); }
    T pop() { T top = items.back(); items.pop_back(); return top; }
    bool empty() const { return items.size() == 0; }
private:
    std::vector<T> items;
    int unused;
};

class Base {
public:
    Base(int value) : second(value), first(second) {}
    virtual void act() = 0;
    ~Base() {}
    int first;
    int second;
};

class Derived : public Base {
public:
    explicit Derived(int v) : Base(v), buffer(new char[16]) {}
    void act() override { buffer[16] = 0; }
private:
    char* buffer;
};

int leak(int argument) {
    char* text = static_cast<char*>(malloc(10));
    if (argument == 3)
        return 1;
    strcpy(text, "far too long for it");
    free(text);
    free(text);
    return 0;
}

int nothing(const int* pointer) {
    int values[4] = {1, 2, 3, 4};
    int sum;
    for (int i = 0; i <= 4; ++i)
        sum += values[i];
    if (pointer == nullptr)
        return *pointer / (sum - sum);
    return TWICE(*pointer) == TWICE(*pointer) ? sum : 1 << 40;
}

void iterate(std::map<std::string, std::vector<int>> table, std::vector<int>& list) {
    for (std::vector<int>::iterator it = list.begin(); it != list.end(); it++)
        if (*it == 2)
            list.erase(it);
    std::string name = "x";
    const char* text = (name + "y").c_str();
    if (table.size() >= 0 && text)
        list.push_back(table.find("k")->second[0]);
    auto owned = std::unique_ptr<int>(new int[4]);
    switch (list.size()) {
    case 1:
        list.clear();
    case 2:
        break;
    }
}

static int never_called(unsigned value) { return value < 0; }

}  // namespace sample
