// SPDX-License-Identifier: GPL-3.0-or-later
// Device numbers: which driver has which, and the device behind the first.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernel/kernel.h"

namespace inquest {

// A dev_t inside of the kernel: 12 bits major, 20 bits minor.
struct DeviceNumber {
  unsigned major = 0;
  unsigned minor = 0;
};
DeviceNumber device_number(std::uint64_t dev);

// A major number as a driver registered it; each field stands or falls by
// itself.
struct DeviceMajor {
  std::uint64_t major = 0;
  std::uint64_t minor = 0;  // the first one (character devices)
  Result<std::string> name;
  // What is behind it: struct cdev or gendisk; 0: nothing.
  Result<Address> device = Address{0};
  Result<Address> operations = Address{0};  // its functions' table
};

// In the order of the kernel's hash tables, as far as they can be followed;
// |faults| says what cannot.
struct DeviceMajors {
  std::vector<DeviceMajor> majors;
  std::vector<Error> faults;
};
Result<DeviceMajors> character_majors(const Kernel& kernel);
// |device| is a disk of that major number: the youngest one.
Result<DeviceMajors> block_majors(const Kernel& kernel);

}  // namespace inquest
